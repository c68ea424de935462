// Package param is the key=value parameters of workers and balancers, as
// ProxyPass, <Proxy>, ProxySet and BalancerMember have them, and the states of a
// worker.
//
// May import: ascii, syntax.
package param
