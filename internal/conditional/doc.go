// Package conditional judges the conditions of requests: If-Match, If-None-Match,
// If-Modified-Since, If-Unmodified-Since and If-Range, in httpd's way, and reads
// the dates in them.
//
// Imports exchange and message.
package conditional
