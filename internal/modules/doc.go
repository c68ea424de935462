// Package modules is the explicit, ordered list of httpd modules that are built
// in. The order is that in which their steps run.
//
// Imports every module; only the server and the command line import it.
package modules
