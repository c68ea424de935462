package param

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// paramRows were checked against httpd 2.4.71 with mod_proxy_hcheck, except for
// those marked "ours".
var paramRows = []struct{ words, err string }{
	{"timeout=500ms", ""}, {"timeout=5x", ""},
	{"timeout=0", "Timeout must be at least one second"},
	{"timeout=abc", "Timeout must be at least one second"},
	{"Timeout=5", ""}, {"TIMEOUT=0", "Timeout must be at least one second"},
	{"retry=-1", "Retry must be a positive value"}, {"retry=x", ""}, {"retry=0", ""},
	{"ttl=0", "TTL must be at least one second"},
	{"min=-1", "Min must be a positive number"},
	{"max=-1", "Max must be a positive number"}, {"max=0", ""},
	{"smax=-1", "Smax must be a positive number"},
	{"acquire=0", "Acquire must be at least one millisecond"}, {"acquire=", "Acquire must be at least one millisecond"},
	{"acquire=3x", "Acquire timeout has wrong format"}, {"acquire=0.5s", "Acquire timeout has wrong format"},
	{"acquire=3s", ""}, {"acquire=1", ""},
	{"connectiontimeout=0", "Connectiontimeout must be at least one millisecond."},
	{"connectiontimeout=5min", ""}, {"connectiontimeout=5mi", ""}, {"connectiontimeout=5h", ""},
	{"connectiontimeout=5sxyz", ""}, {"connectiontimeout=+5", ""},
	{"connectiontimeout=5m", "Connectiontimeout has wrong format"}, {"connectiontimeout=5M", "Connectiontimeout has wrong format"},
	{"connectiontimeout=5S", "Connectiontimeout has wrong format"}, {"connectiontimeout=5us", "Connectiontimeout has wrong format"},
	{"connectiontimeout=-5", "Connectiontimeout has wrong format"},
	{"connectiontimeout=9999999999999", "Connectiontimeout has wrong format"},
	{"connectiontimeout=99999999999999999999", "Connectiontimeout has wrong format"},
	{"sni=Off", ""}, {"sni=auto", ""}, {"sni=a.example", ""}, {"sni=a", ""}, // ours
	{"sni=", "sni must be Off|Auto or a host name, which no address is"}, {"sni=127.0.0.1", "sni must be Off|Auto or a host name, which no address is"}, {"sni=a..b", "sni must be Off|Auto or a host name, which no address is"}, {"sni=[::1]", "sni must be Off|Auto or a host name, which no address is"}, {"sni=a.", "sni must be Off|Auto or a host name, which no address is"}, {"sni=a/b", "sni must be Off|Auto or a host name, which no address is"},
	{"ping=0", "Ping/Pong timeout must be at least one millisecond"}, {"ping=us", "Ping/Pong timeout has wrong format"},
	{"ping=3", ""}, {"ping=300ms", ""},
	{"keepalive=maybe", "KeepAlive must be On|Off"}, {"keepalive=ON", ""},
	{"disablereuse=x", "DisableReuse must be On|Off"}, {"enablereuse=x", "EnableReuse must be On|Off"},
	{"addressttl=-1", ""}, {"addressttl=1h", ""}, {"addressttl=2147483647", ""}, {"addressttl=1000ms", ""},
	{"addressttl=x", "AddressTTL must be -1 or a number of seconds not exceeding (2147483647)"},
	{"addressttl=500ms", "AddressTTL must be -1 or a number of seconds not exceeding (2147483647)"},
	{"addressttl=-2", "AddressTTL must be -1 or a number of seconds not exceeding (2147483647)"},
	{"addressttl=2147483648", "AddressTTL must be -1 or a number of seconds not exceeding (2147483647)"},
	{"flushpackets=x", "flushpackets must be on|off|auto"}, {"flushpackets=Auto", ""},
	{"flushwait=1001", "flushwait must be <= 1000, or 0 for system default of 10 millseconds."},
	{"flushwait=-1", "flushwait must be <= 1000, or 0 for system default of 10 millseconds."}, {"flushwait=1s", ""},
	{"iobuffersize=100", "IOBufferSize must be >= 512 bytes, or 0 for system default."}, {"iobuffersize=x", ""},
	{"receivebuffersize=100", "ReceiveBufferSize must be >= 512 bytes, or 0 for system default."},
	{"responsefieldsize=-1", "ResponseFieldSize must be greater than 0 bytes, or 0 for system default."},
	{"loadfactor=0.5", "LoadFactor must be a number between 1..100"}, {"loadfactor=abc", "LoadFactor must be a number between 1..100"},
	{"loadfactor=100.01", "LoadFactor must be a number between 1..100"}, {"loadfactor=nan", "LoadFactor must be a number between 1..100"},
	{"loadfactor=1.5x", ""}, {"loadfactor=1e1", ""}, {"loadfactor=0x10", ""}, {"loadfactor=100", ""},
	{"lbset=100", "lbset must be between 0 and 99"}, {"lbset=-1", "lbset must be between 0 and 99"}, {"lbset=x", ""},
	{"status=X", "Unknown status parameter option"}, {"status=D,I", "Unknown status parameter option"},
	{"status=+", "Unknown status parameter option"}, {"status=+-D", "Unknown status parameter option"},
	{"status=+H-E", ""}, {"status=", ""}, {"status=i", ""}, {"status=OGUFCNSRE", ""},
	{"route=" + long(63), ""}, {"route=" + long(64), "Route length must be < 64 characters"},
	{"redirect=" + long(64), "Redirect length must be < 64 characters"},
	{"secret=" + long(63), ""}, {"secret=" + long(64), "Secret length must be < 64 characters"},
	{"flusher=" + long(16), "flusher name length must be < 16 characters"},
	{"upgrade=" + long(16), "upgrade protocol length must be < 16 characters"}, {"upgrade=" + long(15), ""}, {"upgrade=ANY", ""},
	{"foo=1", "unknown Worker parameter"}, {"=5", "unknown Worker parameter"}, {"hcfoo=1", "unknown Worker hcheck parameter"},
	{"stickysession=X", "unknown Worker parameter"},
	{"hcmethod=X", "Unknown method"}, {"hcmethod=get", ""}, {"hcmethod=GET11", ""}, {"hcmethod=CPING", ""},
	{"hcmethod=PROVIDER", "Health check method PROVIDER not (yet) implemented"},
	{"hcpasses=-1", "Passes must be a positive value"}, {"hcpasses=0", ""}, {"hcfails=-1", "Fails must be a positive value"},
	{"hcinterval=x", "Unparse-able hcinterval setting"}, {"hcinterval=-5", "Unparse-able hcinterval setting"},
	{"hcinterval=0", "Interval must be a positive value greater than 100ms"},
	{"hcinterval=99ms", "Interval must be a positive value greater than 100ms"}, {"hcinterval=100ms", ""}, {"hcinterval=5min", ""},
	{"hcuri=" + long(63), ""}, {"hcuri=" + long(64), "Health check uri length must be < 64 characters"},
	{"hctemplate=foo", "Unknown ProxyHCTemplate name: foo"}, {"hcexpr=foo", "Unknown health check condition expr: foo"},
	{"hctimeout=5", ""}, {"hchost=a.test:81", ""}, {"hchost=", ""}, {"hchost=a b", "hchost must be a host, or a host and a port"}, // ours

	{"balancer loadfactor=2", "unknown Balancer parameter"}, {"balancer failover=x", "unknown Balancer parameter"},
	{"balancer stickysession=ROUTEID|rid", ""}, {"balancer stickysession=" + long(80), ""},
	{"balancer stickysessionsep=ab", "stickysessionsep must be a single character or Off"}, {"balancer stickysessionsep=off", ""},
	{"balancer nofailover=x", "failover must be On|Off"},
	{"balancer timeout=0", "timeout must be at least one second"}, {"balancer timeout=-1", "timeout must be at least one second"},
	{"balancer timeout=500ms", ""},
	{"balancer maxattempts=-1", "maximum number of attempts must be a positive number"},
	{"balancer lbmethod=foo", "unknown lbmethod"}, {"balancer lbmethod=BYREQUESTS", "unknown lbmethod"}, {"balancer lbmethod=byrequests", ""},
	{"balancer scolonpathdelim=x", "scolonpathdelim must be On|Off"},
	{"balancer failonstatus=99", "failonstatus must be one or more HTTP response codes"},
	{"balancer failonstatus=500,x", "failonstatus must be one or more HTTP response codes"},
	{"balancer failonstatus=600", "failonstatus must be one or more HTTP response codes"},
	{"balancer failonstatus=", ""}, {"balancer failonstatus=503,504", ""}, {"balancer failonstatus=599", ""},
	{"balancer failontimeout=x", "failontimeout must be On|Off"},
	{"balancer growth=0", "growth must be between 1 and 100"}, {"balancer forcerecovery=x", "forcerecovery must be On|Off"},
	{"balancer nonce=" + long(36), ""}, {"balancer nonce=" + long(37), "Provided nonce is too large"}, {"balancer nonce=None", ""},
	// ours
	{"slowstart=30", ""}, {"slowstart=500ms", ""}, {"slowstart=0", ""}, {"slowstart=x", badSlow}, {"slowstart=", badSlow}, {"slowstart=-1", badSlow},
	{"slowstart=2d", badSlow}, {"balancer slowstart=5min", ""}, {"balancer slowstart=25h", badSlow},
	{"balancer stickyinsert=On", ""}, {"balancer stickyinsert=1", "stickyinsert must be On|Off"}, {"stickyinsert=On", "unknown Worker parameter"},
	{"balancer cookiepath=/app/", ""}, {"balancer cookiepath=app", "cookiepath must begin with /"}, {"balancer cookiepath=", "cookiepath must begin with /"},
	{"balancer cookiepath=/a;Domain=x", badPath}, {"balancer cookiepath=/a\r\nX:y", badPath},
	{"balancer cookiemaxage=0", ""}, {"balancer cookiemaxage=34560000", ""}, {"balancer cookiemaxage=34560001", badAge},
	{"balancer cookiemaxage=5min", badAge}, {"balancer cookiemaxage=-1", badAge},
	{"balancer cookiesamesite=strict", ""}, {"balancer cookiesamesite=x", "cookiesamesite must be Lax|Strict|None"},
	{"balancer cookiesecure=auto", ""}, {"balancer cookiesecure=x", "cookiesecure must be On|Off|Auto"},
	{"balancer cookiehttponly=off", ""}, {"balancer cookiehttponly=x", "cookiehttponly must be On|Off"},
	{"balancer cookiekey=" + long(16), ""}, {"balancer cookiekey=" + long(15), "cookiekey must have 16 to 256 characters"},
	{"balancer hashkey=path", ""}, {"balancer hashkey=x", "no such key"}, {"hashkey=path", "unknown Worker parameter"},
	{"balancer hashbalance=1.25", ""}, {"balancer hashbalance=1", ""}, {"balancer hashbalance=OFF", ""},
	{"balancer hashbalance=0.9", badBound}, {"balancer hashbalance=101", badBound}, {"balancer hashbalance=2x", badBound},
	{"balancer hashbalance=", badBound}, {"balancer hashbalance=NaN", badBound}, {"balancer hashbalance=-2", badBound},
	{"balancer hcmethod=GET", ""}, // ours: default of the members
}

const (
	badPath = "cookiepath must have no blank, comma, semicolon or other character than ASCII"
	badAge  = "cookiemaxage must be a number of seconds between 0 and 34560000"
)

const badSlow = "slowstart must be 0, or a time of at most a day"

const badBound = "hashbalance must be Off or a number between 1 and 100"

func long(n int) string { return strings.Repeat("a", n) }

func known() *Known {
	return &Known{
		HealthCheck: true, Template: template, Expr: condition, Method: func(s string) bool { return s == "byrequests" }, HashKey: hashKey,
	}
}

// template knows one template.
func template(name string) *CheckParams {
	if name != "slow" {
		return nil
	}
	c := DefaultCheck()
	c.Interval, c.Passes = time.Minute, 3
	return &c
}

func hashKey(s string) (any, error) {
	if s != "path" {
		return nil, errors.New("no such key")
	}
	return s, nil
}

// condition knows one condition.
func condition(name string) (any, bool) { return "compiled", name == "ok" }

// A template sets all parameters of checks: those that came before it are lost,
// and what a balancer says does not apply.
func TestTemplate(t *testing.T) {
	balancer, member := Default(), Default()
	for _, s := range []Setting{{"hcuri", "/up"}, {"hctimeout", "3"}} {
		if err := balancer.Set(OfBalancer, s.Key, s.Value, known()); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []Setting{{"hcuri", "/own"}, {"hctemplate", "slow"}, {"hcfails", "2"}, {"hcexpr", "ok"}} {
		if err := member.Set(OfWorker, s.Key, s.Value, known()); err != nil {
			t.Fatal(err)
		}
	}
	member.InheritChecks(&balancer)
	want := CheckParams{Method: "TCP", Passes: 3, Fails: 2, Interval: time.Minute, Template: "slow", Expr: "ok", Condition: "compiled"}
	if member.Check != want {
		t.Errorf("%+v\nwant %+v", member.Check, want)
	}
	tmpl := Default()
	if err := tmpl.Set(OfTemplate, "retry", "5", known()); err == nil || err.Error() != "unknown Worker hcheck parameter" {
		t.Errorf("retry= in a template: %v", err)
	}
}

// setting reads "[balancer ]key=value".
func setting(words string) (Kind, string, string) {
	kind := OfWorker
	if rest, ok := strings.CutPrefix(words, "balancer "); ok {
		kind, words = OfBalancer, rest
	}
	key, value, _ := strings.Cut(words, "=")
	return kind, key, value
}

func TestParams(t *testing.T) {
	for _, row := range paramRows {
		p := Default()
		kind, key, value := setting(row.words)
		got := ""
		if err := p.Set(kind, key, value, known()); err != nil {
			got = err.Error()
		}
		if got != row.err {
			t.Errorf("%s: %q, want %q", row.words, got, row.err)
		}
		if given := p.Given(kind, strings.ToLower(key)); given != (row.err == "") {
			t.Errorf("%s: given %v", row.words, given)
		}
	}
}

func TestParamsWithoutHealthChecks(t *testing.T) {
	for _, key := range []string{"foo", "hcmethod"} {
		p := Default()
		if err := p.Set(OfWorker, key, "GET", &Known{}); err == nil || err.Error() != "unknown Worker parameter" {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestParamValues(t *testing.T) {
	p := Default()
	for _, w := range []string{
		"timeout=500ms", "connectiontimeout=300ms", "ping=2", "acquire=7", "acquire=3s", "ttl=9", "retry=0", "addressttl=1h",
		"loadfactor=1.5", "upgrade=any", "enablereuse=off", "iobuffersize=0", "responsefieldsize=0", "flushwait=0", "status=+H-E",
		"hcinterval=2min", "hcmethod=head", "balancer stickysession=ROUTEID|rid", "balancer stickysessionsep=off", "balancer failonstatus=503, 504",
		"balancer timeout=3",
	} {
		kind, key, value := setting(w)
		if err := p.Set(kind, key, value, known()); err != nil {
			t.Fatalf("%s: %v", w, err)
		}
	}
	for what, ok := range map[string]bool{
		"httpd: timeout=500ms is 500 seconds": p.Timeout == 500*time.Second,
		"connectiontimeout":                   p.ConnectTimeout == 300*time.Millisecond,
		"ping":                                p.Ping == 2*time.Second,
		"acquire":                             p.Acquire == 3*time.Second,
		"ttl":                                 p.TTL == 9*time.Second,
		"retry":                               p.Retry == 0 && p.Given(OfWorker, "retry"),
		"addressttl":                          p.AddressTTL == time.Hour,
		"loadfactor":                          p.LoadFactor == 150,
		"upgrade":                             p.Upgrade == "*",
		"enablereuse":                         p.DisableReuse && !p.Reuse("http"),
		"buffers":                             p.IOBufferSize == 8192 && p.ResponseFieldSize == 8192,
		"flushwait":                           p.FlushWait == 10*time.Millisecond,
		"status":                              p.Status == StatusHotStandby && p.StatusCleared == StatusError,
		"hc":                                  p.Check.Interval == 2*time.Minute && p.Check.Method == "HEAD",
		"sticky":                              p.Balancer.Sticky == "ROUTEID" && p.Balancer.StickyPath == "rid" && p.Balancer.StickySep == 0,
		"failonstatus":                        len(p.Balancer.FailOnStatus) == 2 && p.Balancer.FailOnStatus[1] == 504,
		"two timeouts":                        p.Balancer.Timeout == 3*time.Second,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func TestReuse(t *testing.T) {
	p := Default()
	if !p.Reuse("http") || p.Reuse("fcgi") {
		t.Error("defaults")
	}
	if err := p.Set(OfWorker, "enablereuse", "on", known()); err != nil || !p.Reuse("fcgi") {
		t.Error("asked for")
	}
}

func TestMembersInheritChecks(t *testing.T) {
	balancer, member := Default(), Default()
	for p, words := range map[*Params][]string{&balancer: {"hcmethod=GET", "hcuri=/up", "hcfails=3"}, &member: {"hcuri=/own"}} {
		for _, w := range words {
			_, key, value := setting(w)
			if err := p.Set(OfWorker, key, value, known()); err != nil {
				t.Fatal(err)
			}
		}
	}
	member.InheritChecks(&balancer)
	if c := member.Check; c.Method != "GET" || c.URI != "/own" || c.Fails != 3 || c.Passes != 1 {
		t.Errorf("%+v", c)
	}
}

func TestStatusWords(t *testing.T) {
	if s := (StatusInit | StatusError).String(); s != "Init Err " {
		t.Errorf("%q", s)
	}
}

func FuzzParams(f *testing.F) {
	for _, row := range paramRows {
		_, key, value := setting(row.words)
		f.Add(key, value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		p := Default()
		_ = p.Set(OfWorker, key, value, known())
		_ = p.Set(OfBalancer, key, value, known())
		for _, d := range []time.Duration{p.TTL, p.Acquire, p.Retry, p.ConnectTimeout, p.Timeout, p.Ping, p.FlushWait, p.Check.Interval, p.Balancer.Timeout} {
			if d < 0 {
				t.Fatalf("%s=%q returns a negative time: %+v", key, value, p)
			}
		}
		if p.Min < 0 || p.Max < 0 || p.LoadFactor < 100 || p.LoadFactor > 10000 || p.IOBufferSize < 512 {
			t.Fatalf("%s=%q: %+v", key, value, p)
		}
	})
}

// An unknown parameter is named, with the one that was probably meant.
func TestUnknownParameterHint(t *testing.T) {
	p := Default()
	err := p.Set(OfWorker, "retyr", "5", &Known{})
	var u *UnknownParam
	if !errors.As(err, &u) || u.Hint() != "'retyr': did you mean retry?" {
		t.Errorf("got %v", err)
	}
}
