// Package negotiation is mod_negotiation: of several variants of a document the
// one that suits the client, by MultiViews or by a type map.
//
// With Options MultiViews a request for page, which does not exist, becomes one for
// page.en.html or page.de.html: a step before mod_mime's asks, by look-ups, what there is of
// each file whose name begins like that. A type map is a file that lists variants; its handler
// sends the request on to the best. negotiate does the choosing.
//
// Imports negotiate, module and the layers below.
package negotiation
