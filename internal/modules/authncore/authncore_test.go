package authncore_test

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/authbasic"
	"github.com/headgate/headgate/internal/modules/authncore"
	"github.com/headgate/headgate/internal/modules/authnfile"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// apply reads a configuration with Basic and users in files.
func apply(conf string) []directive.Diagnostic {
	store := authnfile.NewStore()
	users := module.AuthnProviders{store.Provider()}
	table := directive.Known().With(core.New(nil, nil).Rows)
	for _, m := range []*module.Module{
		authnfile.New(store), authbasic.New(users), authncore.New(users, authbasic.Scheme(users[0], new(module.Penalty))),
	} {
		table = table.With(m.Rows)
	}
	root, _ := syntax.Parse("x.conf", conf)
	_, found := directive.Apply(root, table, directive.Options{})
	return found
}

// TestRefused: what nothing here implements stops the start; want is a part of the
// reason, "" for none.
func TestRefused(t *testing.T) {
	const alias = "<AuthnProviderAlias file more>\nAuthUserFile x\n</AuthnProviderAlias>\n"
	in := func(s string) string { return "<Location /a>\n" + s + "\n</Location>\n" }
	for _, tt := range []struct{ conf, want string }{
		{in("AuthType Basic"), ""}, {in("AuthType bAsIc"), ""}, {in("AuthType none"), ""}, {in("AuthType %{HTTP_HOST}"), ""},
		{in("AuthType Kerberos"), "authentication of type Kerberos is not offered"},
		{in("AuthType Form"), "authentication of type Form is not offered"},
		{in("AuthType openid-connect"), "would be open"},
		{in("AuthType %{nope}"), "Cannot parse expression"},
		{in("AuthName %{nope}"), "Cannot parse expression"},
		{in("AuthBasicProvider ldap"), "Unknown Authn provider: ldap"},
		{in("AuthBasicProvider file socache"), "Unknown Authn provider: socache"},
		{alias + in("AuthBasicProvider more file"), ""},
		{in("AuthBasicProvider more") + alias, "Unknown Authn provider: more"},
		{alias + alias, "already be registered previously"},
		{"<AuthnProviderAlias file file>\n</AuthnProviderAlias>\n", "must be different"},
		{"<AuthnProviderAlias file>\n</AuthnProviderAlias>\n", "requires additional arguments"},
		{"<AuthnProviderAlias dbd more>\n</AuthnProviderAlias>\n", "Unknown Authn provider: dbd"},
		{"<AuthnProviderAlias file more>\nListen 80\n</AuthnProviderAlias>\n", "not allowed"},
		{"<VirtualHost *:80>\n" + alias + "</VirtualHost>\n", "cannot occur within"},
	} {
		found, text := apply(tt.conf), ""
		for _, d := range found {
			if d.Blocks() {
				text = d.Text
			}
		}
		if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: %q, want %q", tt.conf, text, tt.want)
		}
	}
}
