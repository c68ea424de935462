// Package syntax turns httpd.conf text into lines, words and a tree of nodes.
//
// It knows quoting, continuation lines, sections and how to print all of it
// again, and it knows no directive by name: what a line means is the business
// of source (which executes the read-time directives) and directive (which
// sets values). The rules are those of httpd's ap_cfg_getline, ap_getword_conf
// and ap_build_config, quirks included.
//
// Trees are plain values owned by whoever parsed them; nothing here is shared
// or global. The package imports ascii only.
package syntax
