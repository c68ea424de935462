// Package metrics tests the page of SetHandler headgate-metrics on a running server: that it
// has what its documentation says, that it counts right, and that Prometheus, the dashboard
// and the alert rules of contrib/ go with it.
package metrics
