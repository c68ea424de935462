// Package headers is mod_headers: Header and RequestHeader.
//
// In httpd a response has two header tables. headers_out is filled by the
// handler, and dropped when an error page replaces the response; here it is
// Resp.Header. err_headers_out survives an error page; here it is
// Exchange.Always. Header without a word, or with onsuccess, edits the first
// table; Header always edits the second. Both are sent, the second one first. Only
// Header always edits a page that the server makes itself.
//
// Requests are edited by the last fixup, responses by a response step. Edits
// marked early run in the first post-read step; they count only outside of
// sections.
//
// Imports module and the layers below it.
package headers
