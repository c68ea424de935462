// Command bench compares Headgate with nginx, HAProxy, Apache httpd and Caddy, in one run, in turn, and prints ratios.
//
//	go run ./bench                              everything, 20 to 25 minutes
//	go run ./bench -quick                       everything, roughly; about four minutes
//	go run ./bench -tests keepalive -quick      one test; -tests help lists them
//	go run ./bench -peers headgate,nginx -rounds 9 -tests keepalive,bodies
//	go run ./bench -headgate old/headgate       another program than the one built from this tree
//	make bench ARGS="-quick"
//
// scripts/install-peers installs the peers and wrk; a missing peer is reported and skipped. Complete runs are
// written to bench/results/, others to bench/results/tmp/, which is not committed. docs/performance.md has the method.
//
// The folder is outside of the layers: bench/conf has the configurations of the peers, bench/peers starts them, bench/proc
// reads their cost, bench/load plays clients and backend. It imports nothing of Headgate, which it runs only
// as a program.
package main
