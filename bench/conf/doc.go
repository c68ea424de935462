// Package conf holds the configurations of the benchmark: one template for each server, written as its users would write
// it. They are meant to be read by people who doubt that the comparison is fair; docs/performance.md says what was decided
// and why. Headgate and Apache run on one and the same file, httpd.conf.
package conf
