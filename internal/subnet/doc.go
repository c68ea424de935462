// Package subnet reads networks of addresses as Require ip, Allow from and -ipmatch
// write them (apr_ipsubnet_create).
//
// Imports ascii.
package subnet
