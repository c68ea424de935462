// Package proxy is the configuration of mod_proxy: its directives, what they
// say of servers (ServerConf) and sections (DirConf), and how that becomes
// mappings, workers and forwarders. Mapping requests is in proxy/mapping, and
// forwarding them in proxy/forward.
//
// Configurations are written while a configuration is read and immutable
// afterwards.
//
// May import: anything up to module and pipeline, but no other module.
package proxy
