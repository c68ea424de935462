// Package conf has the configurations of the benchmark: one template for each server, written as its users would write
// it. They are meant for people who want to check that the comparison is fair; docs/performance.md has the decisions
// and the reasons. Headgate and Apache use the same file, httpd.conf.
package conf
