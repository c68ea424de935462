package labels

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// hashForms are how passwords may be stored: the forms of Traefik.
var hashForms = []string{"$2a$", "$2b$", "$2y$", "$apr1$", "$1$", "{SHA}"}

func basicAuth(m *reader) (e effect) {
	e.protective, e.auth = true, true
	realm := m.realm()
	users := list(m.value("users", "AuthType Basic; the users are in a file that AuthUserFile names"))
	if len(users) == 0 {
		m.need("users", "it names no user")
	}
	for _, u := range users {
		name, hash, ok := strings.Cut(u, ":")
		if !ok || name == "" || !printable(u) {
			m.need("users", "a user is written name:hash")
			return e
		}
		known := false
		for _, form := range hashForms {
			known = known || strings.HasPrefix(hash, form)
		}
		if !known {
			m.need("users", "the password of %q has none of the forms bcrypt, MD5 and SHA1", clip(name))
			return e
		}
	}
	m.authFile(&e, "Basic", realm, "htpasswd", users)
	return e
}

func digestAuth(m *reader) (e effect) {
	e.protective, e.auth = true, true
	realm := m.realm()
	users := list(m.value("users", "AuthType Digest; the users are in a file that AuthUserFile names"))
	if len(users) == 0 {
		m.need("users", "it names no user")
	}
	for _, u := range users {
		parts := strings.Split(u, ":")
		if len(parts) != 3 || parts[0] == "" || !printable(strings.ReplaceAll(u, " ", "")) {
			m.need("users", "a user is written name:realm:hash")
			return e
		}
		if parts[1] != realm {
			m.need("users", "the realm of %q is %q, that of the middleware %q", clip(parts[0]), clip(parts[1]), clip(realm))
			return e
		}
	}
	m.authFile(&e, "Digest", realm, "htdigest", users)
	return e
}

func (m *reader) realm() string {
	if f := m.option("usersfile"); f != nil {
		m.fail(f, "the file is one of Traefik's container")
	}
	if r := m.value("realm", "AuthName"); r != "" {
		if err := literal(r); err != nil {
			m.need("realm", "%v", err)
		}
		return r
	}
	return "traefik"
}

// authFile writes the lines of authentication, and the file of its users.
func (m *reader) authFile(e *effect, kind, realm, extension string, users []string) {
	if m.t.o.PasswordDir == "" {
		m.need("users", "there is no folder for the file of the users")
	}
	if m.err != nil {
		return
	}
	c := m.o.fs.c
	h := fnv.New32a()
	h.Write([]byte(c.scope().String() + "\x00" + m.o.name))
	file := File{
		Name:    fmt.Sprintf("%s-%08x.%s", slug(m.o.name), h.Sum32(), extension),
		Content: strings.Join(users, "\n") + "\n",
	}
	m.t.files = append(m.t.files, ownedFile{c: c, File: file})
	e.section = append(e.section, "AuthType "+kind, "AuthName "+quote(realm), "Auth"+kind+"Provider file",
		"AuthUserFile "+quote(strings.TrimSuffix(m.t.o.PasswordDir, "/")+"/"+file.Name))
	e.access = []string{"Require valid-user"}
	if m.flag("removeheader", "RequestHeader unset Authorization") {
		e.section = append(e.section, "RequestHeader unset Authorization")
	}
	if name := m.value("headerfield", "RequestHeader set, with the name of the user"); name != "" {
		if err := checkToken(name); err != nil {
			m.need("headerfield", "%v", err)
		}
		e.section = append(e.section, "RequestHeader set "+name+` "expr=%{REMOTE_USER}"`)
	}
}

func allowList(m *reader) (e effect) {
	e.protective = true
	var nets []string
	for _, n := range list(m.value("sourcerange", "Require ip")) {
		plain, err := network(n)
		if err != nil {
			m.need("sourcerange", "%v", err)
			return e
		}
		nets = append(nets, plain)
	}
	if nets == nil {
		m.need("sourcerange", "it names no network")
		return e
	}
	for _, name := range []string{"ipstrategy", "ipstrategy.depth", "ipstrategy.excludedips", "ipstrategy.ipv6subnet"} {
		f := m.option(name)
		switch {
		case f == nil:
		case name == "ipstrategy.depth" && f.value == "0", name == "ipstrategy":
			f.ok("the address of the connection counts")
		default:
			m.fail(f, "RemoteIPHeader, in a file, says whose word on a client's address counts")
		}
	}
	if f := m.option("rejectstatuscode"); f != nil {
		if f.value == "403" {
			f.ok("403")
		} else {
			f.mapped("others are refused with 403")
		}
	}
	e.access = []string{"Require ip " + strings.Join(nets, " ")}
	return e
}
