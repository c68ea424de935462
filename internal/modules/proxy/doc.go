// Package proxy is the configuration of mod_proxy. It reads the directives into
// the configuration of servers (ServerConf) and sections (DirConf), and builds
// mappings, workers and forwarders from it. Package proxy/mapping maps requests,
// and proxy/forward forwards them.
//
// ServerConf and DirConf are written while the configuration is read, and
// immutable afterwards.
//
// May import module, pipeline and the layers below them, but no other module.
package proxy
