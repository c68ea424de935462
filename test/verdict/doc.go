// Package verdict tests which arguments a configuration may have. Each probe is
// one directive with its arguments; testdata/httpd.txt records for each whether
// httpd 2.4.71 accepts it, and the tests check that Headgate does the same.
//
// testdata/known.txt lists the probes about which the two differ on purpose.
// go test ./test/verdict -live checks the record, -live -record writes it, with -missing what
// is not in it yet.
package verdict
