package recipes

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// request is the request of a curl command.
type request struct {
	method, target, proto string
	port                  string // of the URL, "80" unless given
	from                  string // address of our end, "" for any
	proxied               string // address that a PROXY protocol line names
	fields                []string
	body                  string
}

// plain are the options that change nothing here.
const plain = " -i -s -v -k -sS --path-as-is "

// withValue applies an option with a value.
var withValue = map[string]func(r *request, v string){
	"-X":                 func(r *request, v string) { r.method = v },
	"-H":                 func(r *request, v string) { r.fields = append(r.fields, v) },
	"-A":                 func(r *request, v string) { r.fields = append(r.fields, "User-Agent: "+v) },
	"-e":                 func(r *request, v string) { r.fields = append(r.fields, "Referer: "+v) },
	"-b":                 func(r *request, v string) { r.fields = append(r.fields, "Cookie: "+v) },
	"-d":                 func(r *request, v string) { r.body = v },
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
	if !strings.HasPrefix(address, "http://") {
		return fmt.Errorf("curl: the URL has to begin with http://: %q", address)
	}
	host, path, _ := strings.Cut(address[len("http://"):], "/")
	u, err := url.Parse("http://" + host)
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "#")
	r.target = "/" + path
	if r.port = u.Port(); r.port == "" {
		r.port = "80"
	}
	defaults := []string{"Host: " + strings.TrimSuffix(host, ":80"), "User-Agent: curl/8.0", "Accept: */*"}
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

// text returns the bytes of the request, lines ended by CRLF. port is the port that it is sent to.
func (r *request) text(port string) string {
	head := r.method + " " + r.target + " " + r.proto + "\r\n" + strings.Join(r.fields, "\r\n") + "\r\n\r\n"
	if r.proxied != "" {
		head = "PROXY TCP4 " + r.proxied + " 127.0.0.1 56324 " + port + "\r\n" + head
	}
	return head + r.body
}
