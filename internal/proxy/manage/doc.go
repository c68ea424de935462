// Package manage has what people and programs do with balancers while the server
// runs: see them, change them, take changes back, and keep them.
//
// A process has one Manager. Each configuration hands it a Catalog, the balancers
// of its snapshot, when it becomes current (Publish). Pages, the API and the control
// socket only come here: List and History return copies, Apply and Undo change. A
// change is validated, made in the balancer, logged as one line and kept in the
// history, all under one lock, so that what is listed is never half of a change.
//
// Settings are texts under httpd's names of parameters ("loadfactor", "2.5"): what
// a form, a JSON object or a directive would say. Each has a row in the table of
// fields. A setting that was changed is remembered with what the configuration said
// about it then, and is made again after a reload as long as the new configuration
// says the same; where it says something else, the configuration wins.
//
// May import: balance and what is below it, no module.
package manage
