// Package waitqueue has the queue in which exchanges wait for something of which
// there is not enough: a place under MaxRequestWorkers, a connection under max=.
//
// A Queue is fair: first come, first served, whichever loop a waiter runs on. It
// knows nothing of what is waited for; the owner decides, while it holds the
// queue's lock, whether there is something for the first waiter. Waiting ends
// when something was granted, at a deadline, or by Cancel.
//
// The owner keeps this order, so that no wake-up is lost: a waiter joins the
// queue first and looks for what it wants afterwards (Serve); a caller that frees
// something does so first and looks at the queue afterwards.
//
// Imports reactor and lock.
package waitqueue
