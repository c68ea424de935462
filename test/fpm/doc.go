// Package fpm compares what PHP behind PHP-FPM sees of a request, and what the client gets, with Headgate and with the real
// httpd in front. It needs both peers.
package fpm
