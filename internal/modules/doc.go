// Package modules is the explicit, ordered list of httpd modules that are
// built in. Order matters: it is the order in which their steps run.
//
// Imports every module; nothing but the server and the command line imports it.
package modules
