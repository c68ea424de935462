package metrics

// Type is the type of a metric.
type Type string

// The types of metrics.
const (
	CounterType   Type = "counter"
	GaugeType     Type = "gauge"
	HistogramType Type = "histogram"
)

// Metric is one metric of the page: what programs rely on, so a name does not change.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string
}

var (
	none   []string
	route  = []string{"vhost", "mapping"}
	member = []string{"vhost", "balancer", "member"}
	loop   = []string{"loop"}
	coding = []string{"coding"}

	source = []string{"source"}
)

// with returns labels and further ones.
func with(labels []string, more ...string) []string {
	return append(labels[:len(labels):len(labels)], more...)
}

// Table returns all metrics of the server, in the order of its documentation. Those of
// the process (process_*) are client_golang's.
func Table() []Metric {
	return []Metric{
		{"headgate_http_requests_total", CounterType, with(route, "class"), "Requests that have ended, by the class of their status (none: no response was sent)."},
		{"headgate_http_request_duration_seconds", HistogramType, route, "Time from the first byte of a request to the last byte of its response."},
		{"headgate_http_response_start_seconds", HistogramType, route, "Time from the first byte of a request to the first byte of its response."},
		{"headgate_http_received_bytes_total", CounterType, route, "Bytes of requests received from clients, heads and bodies."},
		{"headgate_http_sent_bytes_total", CounterType, route, "Bytes of responses sent to clients, heads and bodies."},
		{"headgate_http_retries_total", CounterType, route, "Attempts at a backend after the first one of a request."},
		{"headgate_http_cut_responses_total", CounterType, route, "Responses that ended before their end, because a backend or the client went away."},
		{"headgate_http_failures_total", CounterType, with(route, "cause"), "Requests that failed, by cause (see causes.md)."},

		{"headgate_compressed_responses_total", CounterType, coding, "Responses that were compressed, by content coding."},
		{"headgate_compression_input_bytes_total", CounterType, coding, "Bytes of bodies before they were compressed."},
		{"headgate_compression_output_bytes_total", CounterType, coding, "Bytes of bodies after they were compressed."},

		{"headgate_requests_in_flight", GaugeType, none, "Requests that are being served now."},
		{"headgate_requests_in_flight_limit", GaugeType, none, "How many requests may be served at once (MaxRequestWorkers, or else what the file descriptors allow)."},
		{"headgate_connections", GaugeType, none, "Open connections of clients."},
		{"headgate_tunnels", GaugeType, none, "Open tunnels: WebSockets, CONNECT, connections that are passed on unread."},
		{"headgate_tunnels_total", CounterType, none, "Tunnels that were opened."},

		{"headgate_member_requests_total", CounterType, with(member, "class"), "Attempts at a backend that have ended, by the class of its status (none: no response came)."},
		{"headgate_member_failures_total", CounterType, with(member, "cause"), "Attempts at a backend that failed, by cause (see causes.md)."},
		{"headgate_member_elected_total", CounterType, member, "Attempts at a backend that have begun."},
		{"headgate_member_reused_total", CounterType, member, "Attempts on a connection that was kept from an earlier request."},
		{"headgate_member_sent_bytes_total", CounterType, member, "Bytes sent to a backend."},
		{"headgate_member_received_bytes_total", CounterType, member, "Bytes received from a backend."},
		{"headgate_member_queue_seconds", HistogramType, member, "Time that requests waited for a connection because max= was reached. Those that did not wait are not counted."},
		{"headgate_member_connect_seconds", HistogramType, member, "Time to open a connection to a backend."},
		{"headgate_member_handshake_seconds", HistogramType, member, "Time of the TLS handshake with a backend."},
		{"headgate_member_first_byte_seconds", HistogramType, member, "Time from the beginning of an attempt to the first byte of its response."},
		{"headgate_member_response_seconds", HistogramType, member, "Time from the beginning of an attempt to the end of its response."},
		{"headgate_member_in_flight", GaugeType, member, "Attempts at a backend that have not ended."},
		{"headgate_member_waiting", GaugeType, member, "Requests that wait for a connection because max= is reached."},
		{"headgate_member_connections", GaugeType, with(member, "state"), "Connections to a backend, in_use or idle."},
		{"headgate_member_connections_limit", GaugeType, member, "How many connections to a backend there may be (max=). Absent without a limit."},
		{"headgate_member_usable", GaugeType, member, "1 if the member of a balancer gets requests, 0 if it does not."},
		{"headgate_member_state", GaugeType, with(member, "state"), "1 for the state that the member of a balancer is in."},
		{"headgate_member_check_success", GaugeType, member, "1 if the latest health check succeeded, 0 if it failed. Absent without checks."},
		{"headgate_member_recoveries_total", CounterType, member, "How often a member in error was tried again."},
		{"headgate_balancer_members", GaugeType, []string{"vhost", "balancer"}, "Members of a balancer."},
		{"headgate_balancer_members_usable", GaugeType, []string{"vhost", "balancer"}, "Members of a balancer that get requests."},
		{"headgate_balancer_waiting", GaugeType, []string{"vhost", "balancer"}, "Requests that wait for a member that gets requests."},

		{"headgate_tls_handshakes_total", CounterType, []string{"vhost", "session"}, "TLS handshakes with clients that succeeded, with a new session or a resumed one."},
		{"headgate_tls_handshake_failures_total", CounterType, []string{"vhost", "reason"}, "TLS handshakes with clients that failed, by reason."},
		{"headgate_certificate_expiry_timestamp_seconds", GaugeType, []string{"file", "subject"}, "When a certificate of the server expires."},

		{"headgate_reloads_total", CounterType, []string{"outcome"}, "Reloads of the configuration, ok or failed."},
		{"headgate_last_reload_success", GaugeType, none, "1 if the latest reload succeeded or there was none, 0 if it failed."},
		{"headgate_last_reload_timestamp_seconds", GaugeType, none, "When the latest reload ended. Absent before the first one."},
		{"headgate_config_loaded_timestamp_seconds", GaugeType, none, "When the configuration in effect took effect."},
		{"headgate_config_generation", GaugeType, none, "Number of the configuration in effect: 1 is that of the start."},
		{"headgate_config_info", GaugeType, []string{"file", "hash"}, "1, with the file of the configuration and a hash of its directives."},
		{"headgate_build_info", GaugeType, []string{"version", "goversion"}, "1, with the version of the server."},
		{"headgate_start_timestamp_seconds", GaugeType, none, "When the server started."},

		{"headgate_discovery_up", GaugeType, source, "1 if a source of automatic configuration can be heard, 0 if it cannot."},
		{"headgate_discovery_heard_timestamp_seconds", GaugeType, source, "When a source of HeadgateDiscover said something."},
		{"headgate_discovery_changes_total", CounterType, source, "Changes of a source of HeadgateDiscover that were taken over."},
		{"headgate_discovery_seen", GaugeType, source, "Containers, files, or addresses of a name that a source has."},
		{"headgate_discovery_services", GaugeType, source, "Balancers that a source of HeadgateDiscover contributes."},
		{"headgate_discovery_refused", GaugeType, source, "Texts of a source of HeadgateDiscover that are left out, because they cannot be compiled."},
		{"headgate_discovery_problems", GaugeType, source, "Labels, containers and members of a source of HeadgateDiscover that are not used as they ask."},
		{"headgate_discovery_conflicts", GaugeType, source, "Hosts, paths and members of a source of HeadgateDiscover that somebody else has."},

		{"headgate_loop_busy_seconds_total", CounterType, loop, "Time that an event loop did not wait. A rate of 1 is a loop that has no time left."},
		{"headgate_loop_rounds_total", CounterType, loop, "How often an event loop has looked for events."},
		{"headgate_loop_lag_seconds", GaugeType, loop, "The longest that an event may have waited for its loop, in the last ten seconds or so."},
		{"headgate_loop_connections", GaugeType, loop, "Open connections of clients of an event loop."},
		{"headgate_loop_connections_accepted_total", CounterType, loop, "Connections of clients that an event loop has accepted."},
		{"headgate_loop_coroutines", GaugeType, loop, "Coroutines of an event loop that are in use."},

		{"headgate_log_lines_dropped_total", CounterType, none, "Lines that were lost because a log destination did not take them in time."},

		{"headgate_metrics_folded", GaugeType, none, "Virtual hosts and mappings that are counted as \"other\", because there are too many of them."},
	}
}
