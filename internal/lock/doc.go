// Package lock has the mutex for code that runs on event loops.
//
// A loop runs its coroutines in turn on one thread. A coroutine that blocks on a
// mutex stops that thread, so if the owner of the mutex has yielded it can never
// unlock it, and the loop stops for ever. The rule is therefore: no lock is held
// across a yield. Mutex costs what sync.Mutex costs. With checks on, as in every
// test, it records which locks the thread of a loop holds, and the loop panics
// in a coroutine that yields while it holds one.
//
// Imports nothing of this module.
package lock
