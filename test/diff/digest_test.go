package diff

import (
	"crypto/md5"
	"encoding/hex"
	"regexp"
	"strings"
)

// digestSecrets are the parameters of Digest that are others in every run.
var digestSecrets = regexp.MustCompile(`\b(nonce|nextnonce|response|opaque|rspauth)="[^"]+"`)

// digestParameter finds the parameters of a challenge.
var digestParameter = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^,\s]+))`)

// digestAnswer makes an Authorization field with scheme Digest that answers a challenge. login is user:password,
// followed by words name=value, each in place of what a parameter would be; an empty value leaves it out. The response
// is computed with what the words say, unless they say it itself.
func digestAnswer(r request, challenge string) string {
	words := strings.Fields(r.digest)
	user, password, _ := strings.Cut(words[0], ":")
	_, target, _ := strings.Cut(r.text, " ")
	target, _, _ = strings.Cut(target, " ")
	p := map[string]string{"username": user, "uri": target, "qop": "auth", "nc": "00000001", "cnonce": "c", "method": r.method}
	for _, m := range digestParameter.FindAllStringSubmatch(challenge, -1) {
		if m[1] == "realm" || m[1] == "nonce" || m[1] == "opaque" || m[1] == "algorithm" {
			p[m[1]] = m[2] + m[3]
		}
	}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		p[name] = value
	}
	if _, said := p["response"]; !said {
		p["response"] = digestResponse(p, password)
	}
	var out []string
	for _, name := range strings.Fields("username realm nonce uri algorithm response opaque qop nc cnonce") {
		if p[name] != "" {
			out = append(out, name+`="`+p[name]+`"`)
		}
	}
	return "Digest " + strings.Join(out, ", ")
}

// digestResponse is RFC 7616 section 3.4.1, and RFC 2069 without qop.
func digestResponse(p map[string]string, password string) string {
	sum := func(parts ...string) string {
		s := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(s[:])
	}
	a1, a2 := sum(p["username"], p["realm"], password), sum(p["method"], p["uri"])
	if p["qop"] == "" {
		return sum(a1, p["nonce"], a2)
	}
	return sum(a1, p["nonce"], p["nc"], p["cnonce"], p["qop"], a2)
}
