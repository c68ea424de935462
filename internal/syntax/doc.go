// Package syntax turns httpd.conf text into lines, words and a tree of nodes.
//
// It knows quoting, continuation lines, sections and how to print all of it
// again. It knows no directive by name: what a line means is decided by source
// (which executes the read-time directives) and directive (which sets values).
// The rules are those of httpd's ap_cfg_getline, ap_getword_conf and
// ap_build_config, quirks included.
//
// Trees are plain values that belong to the caller who parsed them; nothing
// here is shared or global. The package imports ascii only.
package syntax
