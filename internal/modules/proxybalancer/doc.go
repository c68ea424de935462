// Package proxybalancer is mod_proxy_balancer's page, SetHandler balancer-manager:
// balancers and their members for people, and with xml=1 as httpd's XML for
// programs. Its forms have httpd's fields.
//
// All is read and changed through a manage.Manager. The page works without
// JavaScript; its script reads the page again every few seconds, and puts what
// differs in the place of what is there.
//
// A configuration without such a handler keeps no history of its members and pays
// nothing.
//
// Imports module, page, proxy/manage and what is below them.
package proxybalancer
