// Package peers knows the servers that the benchmark compares: how each is found, configured, started and asked for its
// version. What they are told to do is in bench/conf.
package peers
