// Package proxy is mod_proxy: which requests are passed to which backend, what
// of them a backend gets to see, and how its answers are turned back.
//
// The files here are plain functions over typed configuration: ServerConf and
// DirConf hold what directives set; PassRule is one ProxyPass, Mapping the
// compiled list of a server; Params is what key=value parameters say of a
// worker or a balancer; Reverse and Cookie rules edit a backend's answer.
// Configurations are written while a configuration is read and immutable
// afterwards; bytes made for a request live in its Arena.
//
// May import: anything up to module and pipeline, but no other module.
package proxy
