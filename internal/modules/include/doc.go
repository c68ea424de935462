// Package include is mod_include: server-side includes, commands in the text of a
// page that the server obeys while it sends it.
//
// INCLUDES is a filter: it looks for commands in files and in the responses of backends
// alike, as they pass. Of a page it keeps a command that is not complete, at most 64 KiB.
// What a command includes is another request, run inside of this one by exchange.Lookups,
// whose body goes on at once. Variables live in the environment of the outermost request,
// which included pages share.
//
// Programs are not run: exec leaves the error message in the page.
//
// Imports expr, strftime, backend/cgi, module and the layers below.
package include
