// Package resolve turns backend names into addresses and says for how long
// they may be believed: a worker re-resolves by TTL, without a restart.
//
// Order of sources: IP literal, localhost (always loopback), the hosts file,
// DNS by resolv.conf. Both files are re-read when they change. Where
// resolv.conf names no server, the standard resolver answers with a fixed
// life. nsswitch.conf is not read.
//
// A Resolver holds no cache: a Name does, one per worker, owned by that worker
// and read without a lock. Nothing here starts a goroutine that outlives the
// call. Imports nothing of this module.
package resolve
