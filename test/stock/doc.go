// Package stock starts the configuration trees that are delivered with httpd,
// as they are on a machine where httpd is installed.
package stock
