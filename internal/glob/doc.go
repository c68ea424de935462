// Package glob matches shell patterns as httpd does (apr_fnmatch, ap_strcmp_match):
// one implementation, with httpd's flags as options.
//
// Imports ascii.
package glob
