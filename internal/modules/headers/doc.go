// Package headers is mod_headers: Header and RequestHeader.
//
// A response has two tables in httpd: headers_out, which the handler fills and
// which is thrown away when an error page replaces the response, and
// err_headers_out, which survives. Header without a word, or with onsuccess,
// edits the first, which is Resp.Header; Header always edits the second, which
// is Exchange.Always. Both are sent, the second first. A page that the server
// makes itself sees the always list only.
//
// Requests are edited as the last fixup, responses as a response step, and what
// says early as the first post-read step, from the server's own lines only.
//
// Imports module and what is below it.
package headers
