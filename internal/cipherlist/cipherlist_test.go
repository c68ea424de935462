package cipherlist

import (
	"crypto/tls"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func names(l List) []string {
	out := []string{}
	for _, id := range l.IDs {
		s, _ := ByID(id)
		out = append(out, s.Name)
	}
	return out
}

// Lists as people paste them, with what OpenSSL 3.0 makes of them at security
// level 0, less what crypto/tls does not have.
var lists = []string{
	"DEFAULT", "ALL", "HIGH", "HIGH:!aNULL", "HIGH:MEDIUM:!MD5:!RC4:!3DES", "HIGH:3DES:!aNULL:!MD5", "ECDHE+AESGCM:ECDHE+CHACHA20",
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256",
	"EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH", "ALL:!ADH:!EXPORT:!SSLv2:RC4+RSA:+HIGH:+MEDIUM:+LOW", "kRSA", "RSA", "AES128", "AES256:!kRSA",
	"EECDH+ECDSA+AESGCM EECDH+aRSA+AESGCM EECDH+ECDSA+SHA384 EECDH+aRSA+SHA384 EECDH+aRSA+SHA256 EECDH !aNULL !eNULL !LOW !3DES !MD5 !EXP !PSK !SRP !DSS",
	"AES128-SHA:-AES128-SHA:AES128-SHA", "AES128-SHA:!AES128-SHA:AES128-SHA", "HIGH:-kRSA:AES128-SHA", "TLSv1.2", "TLSv1", "SSLv3", "SHA1", "SHA256", "HIGH:!SHA1:!SHA256",
	"ECDSA+HIGH", "HIGH,!aNULL;!kRSA", "CHACHA20:@STRENGTH", "HIGH@SECLEVEL=0",
}

func TestOpenSSL(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "no openssl installed")
	}
	for _, l := range lists {
		out, err := exec.Command(program, "ciphers", "-s", "-tls1_2", l+":@SECLEVEL=0").Output()
		all, err2 := exec.Command(program, "ciphers", l+":@SECLEVEL=0").Output()
		if err != nil && err2 != nil {
			out, all = nil, nil // no suite is left
		}
		theirs := append(strings.Split(strings.TrimSpace(string(out)), ":"), strings.Split(strings.TrimSpace(string(all)), ":")...)
		var want []string
		for _, s := range Suites {
			// Builds of OpenSSL leave out RC4 and 3DES.
			if slices.Contains(theirs, s.Name) {
				want = append(want, s.Name)
			}
		}
		got := slices.DeleteFunc(names(Parse(l)), func(n string) bool { return strings.Contains(n, "RC4") || strings.Contains(n, "CBC3") })
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", l, got, want)
		}
	}
}

// The table names every suite of crypto/tls.
func TestComplete(t *testing.T) {
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if _, ok := ByID(c.ID); !ok {
			t.Errorf("%s has no name", c.Name)
		}
	}
}

func TestMissing(t *testing.T) {
	l := Parse("DHE-RSA-AES128-GCM-SHA256:Bogus:ECDHE-RSA-AES128-GCM-SHA256:!Nothing")
	if !slices.Equal(l.Missing, []string{"DHE-RSA-AES128-GCM-SHA256"}) || !slices.Equal(l.Unknown, []string{"Bogus"}) || len(l.IDs) != 1 {
		t.Errorf("%+v", l)
	}
	if lacking, unknown := Lacking("TLS_AES_128_GCM_SHA256:x"); len(lacking) != 2 || !slices.Equal(unknown, []string{"x"}) {
		t.Errorf("%v %v", lacking, unknown)
	}
}

func FuzzParse(f *testing.F) {
	for _, l := range lists {
		f.Add(l)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := Parse(text)
		if l.IDs == nil || len(l.IDs) > len(Suites) {
			t.Errorf("%+v", l)
		}
		if again := Parse(strings.Join(names(l), ":")); !slices.Equal(again.IDs, l.IDs) {
			t.Errorf("%v became %v", l.IDs, again.IDs)
		}
		Lacking(text)
	})
}
