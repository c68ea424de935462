// Package resolve turns backend names into addresses and says how long they are
// valid: a worker resolves again by TTL, without a restart.
//
// Order of sources: IP literal, localhost (always loopback), the hosts file,
// DNS by resolv.conf. Both files are read again when they change. If
// resolv.conf names no server, the standard resolver is used with a fixed
// lifetime. nsswitch.conf is not read.
//
// A Resolver has no cache: a Name does, one per worker, owned by that worker
// and read without a lock. No goroutine outlives the call, except that of
// Name.Renew. Imports nothing of this module.
package resolve
