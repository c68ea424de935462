// Package waitqueue has the queue in which exchanges wait for a limited
// resource: a slot under MaxRequestWorkers, a connection under max=.
//
// A Queue is fair: first come, first served, whichever loop a waiter runs on. It
// does not know the resource; the owner decides, while it holds the queue's
// lock, whether the first waiter can have it. Waiting ends with a grant, at a
// deadline, or by Cancel.
//
// The order of steps makes sure that no wake-up is lost: a waiter first joins the
// queue and then checks the resource (Grant); a caller that frees the resource
// first does so and then checks the queue.
//
// Imports reactor and lock.
package waitqueue
