// Package onward is the forward proxy: requests for other servers, by an absolute
// target or CONNECT (ProxyRequests On). It says which requests those are, where they
// may go, and opens the tunnels of CONNECT.
//
// Who may use it is for the access rules of <Proxy> sections. Open finds servers
// without one.
//
// Imports forward, worker and what is below them.
package onward
