// Package peers has the servers that the benchmark compares: how to find, configure and start each, and how to get its
// version. Their configurations are in bench/conf.
package peers
