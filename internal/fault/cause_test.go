package fault

import (
	"regexp"
	"strings"
	"testing"
)

// The list of causes is complete, and its names are words that can be searched for.
func TestCauses(t *testing.T) {
	form, seen := regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`), map[string]bool{}
	for _, c := range Causes() {
		a := c.About()
		if !form.MatchString(a.Name) || seen[a.Name] {
			t.Errorf("cause %d: name %q", c, a.Name)
		}
		seen[a.Name] = true
		if a.Meaning == "" || a.Try == "" || a.Meaning[len(a.Meaning)-1] != '.' || a.Try[len(a.Try)-1] != '.' && a.Try[len(a.Try)-1] != '?' {
			t.Errorf("%s: no sentences: %q %q", c, a.Meaning, a.Try)
		}
		if got, ok := CauseNamed(a.Name); !ok || got != c {
			t.Errorf("%s: found as %s", c, got)
		}
	}
	if _, ok := CauseNamed("none"); ok {
		t.Error("none is a cause")
	}
}

// Every fault has a cause of its side, whatever its phase and kind.
func TestNamed(t *testing.T) {
	for s := Proxy; s <= Backend; s++ {
		for p := ReadRequest; p <= SendResponse; p++ {
			for k := Internal; k <= InvalidInput; k++ {
				f := &Fault{Side: s, Phase: p, Kind: k}
				if c := f.Named(); c.About().Side != s {
					t.Errorf("%s %s: %s is called %s, which is of %s", s, p, k, c, c.About().Side)
				}
			}
		}
	}
	for _, row := range []struct {
		f    Fault
		want Cause
	}{
		{Fault{Side: Backend, Phase: Connect, Kind: Refused}, BackendRefused},
		{Fault{Side: Backend, Phase: AwaitHead, Kind: Timeout}, FirstByteTimeout},
		{Fault{Side: Backend, Phase: AwaitHead, Kind: Timeout, Cause: PingFailed}, PingFailed},
		{Fault{Side: Backend, Phase: ReadHead, Replace: true}, ErrorOverride},
		{Fault{Side: Client, Phase: ReadRequest, Kind: InvalidInput, Status: 431}, HeaderTooLarge},
		{Fault{Side: Client, Phase: ReadBody, Kind: Timeout, Status: 408}, BodyTimeout},
		{Fault{Side: Client, Phase: SendResponse, Kind: Aborted}, ClientGone},
		{*Stopped(ReadBody), ServerStopping},
	} {
		if got := row.f.Named(); got != row.want {
			t.Errorf("%s: %s, want %s", row.f.Error(), got, row.want)
		}
	}
}

// The error types of the Proxy-Status field are those that RFC 9209 registers.
func TestProxyStatusTypes(t *testing.T) {
	registered := map[string]bool{"": true}
	for _, name := range strings.Fields(`dns_timeout dns_error destination_not_found destination_unavailable destination_ip_prohibited
		destination_ip_unroutable connection_refused connection_terminated connection_timeout connection_read_timeout
		connection_write_timeout connection_limit_reached tls_protocol_error tls_certificate_error tls_alert_received
		http_request_error http_request_denied http_response_incomplete http_response_header_section_size
		http_response_header_size http_response_body_size http_response_trailer_section_size http_response_trailer_size
		http_response_transfer_coding http_response_content_coding http_response_timeout http_upgrade_failed
		http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error proxy_loop_detected`) {
		registered[name] = true
	}
	for _, c := range Causes() {
		if a := c.About(); !registered[a.Proxy] {
			t.Errorf("%s: %s is not registered", a.Name, a.Proxy)
		}
	}
}
