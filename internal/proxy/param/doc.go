// Package param holds the key=value parameters of workers and balancers, as in
// ProxyPass, <Proxy>, ProxySet and BalancerMember, and the states of a worker.
//
// May import: ascii, syntax.
package param
