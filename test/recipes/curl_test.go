package recipes

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// request is the request of a curl command.
type request struct {
	method, target, proto string
	port                  string // of the URL, "80" or "443" unless given
	host                  string // of the URL
	secure                bool   // https
	unchecked             bool   // -k: whatever name the certificate has
	rsa                   bool   // --ciphers: RSA certificates only
	least, most           uint16 // --tls-max
	cert                  string // --cert: a file NAME.pem, of a certificate that testkit has
	from                  string // address of our end, "" for any
	through               string // port of the forward proxy, "" none
	proxied               string // address that a PROXY protocol line names
	fields                []string
	body                  string
}

// plain are the options that change nothing here.
const plain = " -i -s -v -sS --path-as-is "

// withValue applies an option with a value.
var withValue = map[string]func(r *request, v string){
	"-X": func(r *request, v string) { r.method = v },
	"-H": func(r *request, v string) { r.fields = append(r.fields, v) },
	"-A": func(r *request, v string) { r.fields = append(r.fields, "User-Agent: "+v) },
	"-e": func(r *request, v string) { r.fields = append(r.fields, "Referer: "+v) },
	"-b": func(r *request, v string) { r.fields = append(r.fields, "Cookie: "+v) },
	"-d": func(r *request, v string) { r.body = v },
	"--tls-max": func(r *request, v string) {
		r.least, r.most = tls.VersionTLS10, map[string]uint16{"1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12}[v]
	},
	"--cert": func(r *request, v string) { r.cert = v },
	"-x":     func(r *request, v string) { _, r.through, _ = strings.Cut(v, ":") },
	"-U": func(r *request, v string) {
		r.fields = append(r.fields, "Proxy-Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(v)))
	},
	"--interface":        func(r *request, v string) { r.from = v },
	"--haproxy-clientip": func(r *request, v string) { r.proxied = v },
	"-u": func(r *request, v string) {
		r.fields = append(r.fields, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(v)))
	},
}

// parseCurl reads the words after curl.
func parseCurl(words []string) (*request, error) {
	r := &request{proto: "HTTP/1.1"}
	address := ""
	for i := 0; i < len(words); i++ {
		w := words[i]
		set := withValue[w]
		switch {
		case strings.Contains(plain, " "+w+" "):
		case set != nil && i+1 < len(words):
			i++
			set(r, words[i])
		case w == "-k":
			r.unchecked = true
		case w == "--ciphers" && i+1 < len(words) && words[i+1] == "aRSA":
			i++
			r.rsa = true
		case w == "-I":
			r.method = "HEAD"
		case w == "--http1.0":
			r.proto = "HTTP/1.0"
		case !strings.HasPrefix(w, "-") && address == "":
			address = w
		default:
			return nil, fmt.Errorf("curl: cannot read %q", w)
		}
	}
	return r, r.to(address)
}

// to sets the target and the fields that the URL and the other options determine.
func (r *request) to(address string) error {
	scheme, rest, _ := strings.Cut(address, "://")
	if scheme != "http" && scheme != "https" {
		return fmt.Errorf("curl: the URL has to begin with http:// or https://: %q", address)
	}
	r.secure = scheme == "https"
	host, path, _ := strings.Cut(rest, "/")
	u, err := url.Parse("http://" + host)
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "#")
	r.target = "/" + path
	usual := "80"
	if r.secure {
		usual = "443"
	}
	if r.port = u.Port(); r.port == "" {
		r.port = usual
	}
	r.host = u.Hostname()
	defaults := []string{"Host: " + strings.TrimSuffix(host, ":"+usual), "User-Agent: curl/8.0", "Accept: */*"}
	if r.body != "" {
		defaults = append(defaults, fmt.Sprintf("Content-Length: %d", len(r.body)), "Content-Type: application/x-www-form-urlencoded")
		if r.method == "" {
			r.method = "POST"
		}
	}
	if r.method == "" {
		r.method = "GET"
	}
	var missing []string
	for _, d := range defaults {
		name, _, _ := strings.Cut(d, ":")
		if !r.has(name) {
			missing = append(missing, d)
		}
	}
	r.fields = append(missing, r.fields...)
	return nil
}

func (r *request) has(name string) bool {
	for _, f := range r.fields {
		if n, _, _ := strings.Cut(f, ":"); strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// ahead returns the PROXY header of the connection to a port.
func (r *request) ahead(port string) string {
	if r.proxied == "" {
		return ""
	}
	return "PROXY TCP4 " + r.proxied + " 127.0.0.1 56324 " + port + "\r\n"
}

// text returns the bytes of the request, lines ended by CRLF.
func (r *request) text() string {
	head := r.method + " " + r.target + " " + r.proto + "\r\n" + strings.Join(r.fields, "\r\n") + "\r\n\r\n"
	return head + r.body
}

// throughProxy makes it the request to a forward proxy: for the whole URL, with the port in this test for that of the page.
func (r *request) throughProxy(st *stage, t *testing.T) {
	host := r.host + ":" + st.backend(t, r.port)
	r.target, r.port = "http://"+host+r.target, r.through
	for i, f := range r.fields {
		if strings.HasPrefix(f, "Host: ") {
			r.fields[i] = "Host: " + host
		}
	}
}
