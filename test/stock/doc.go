// Package stock starts the configuration trees that httpd is delivered with,
// as they are on a machine where it was installed.
package stock
