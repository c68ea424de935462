// Package modules is the list of what this server can do.
//
// Imports every module.
package modules

import (
	"slices"

	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/accesscompat"
	"github.com/headgate/headgate/internal/modules/alias"
	"github.com/headgate/headgate/internal/modules/authzcore"
	"github.com/headgate/headgate/internal/modules/authzhost"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/modules/dir"
	"github.com/headgate/headgate/internal/modules/env"
	"github.com/headgate/headgate/internal/modules/expires"
	"github.com/headgate/headgate/internal/modules/headers"
	"github.com/headgate/headgate/internal/modules/logconfig"
	"github.com/headgate/headgate/internal/modules/mpm"
	"github.com/headgate/headgate/internal/modules/proxy"
	"github.com/headgate/headgate/internal/modules/ratelimit"
	"github.com/headgate/headgate/internal/modules/remoteip"
	"github.com/headgate/headgate/internal/modules/reqtimeout"
	"github.com/headgate/headgate/internal/modules/rewrite"
	"github.com/headgate/headgate/internal/modules/setenvif"
	"github.com/headgate/headgate/internal/modules/status"
	"github.com/headgate/headgate/internal/modules/uniqueid"
	"github.com/headgate/headgate/internal/modules/unixd"
)

// All is the list of modules in the order they are asked. It is the feature
// list: nothing registers itself.
func All() []*module.Module {
	names := new(module.Names) // verified names of clients, shared by all who ask
	return slices.Concat([]*module.Module{
		core.New(slices.Concat(proxy.Handlers(), status.Handlers()), ratelimit.Filter()),
		mpm.New(),
		unixd.New(),
		logconfig.New(),
		remoteip.New(), // before all that goes by the client's address
		setenvif.New(), // puts itself in front of the access checks
		authzhost.New(),
		accesscompat.New(names), // before authzcore, which looks for Satisfy
		authzcore.New(authzhost.Providers(names)...),
		rewrite.New(proxy.SchemeTier), // its rules come before what else maps, and before SetEnv
		env.New(),
		reqtimeout.New(),
		proxy.New(),
		proxy.NewHTTP(),
		proxy.NewBalancer(),
		ratelimit.New(),
		uniqueid.New(),
		dir.New(),
		expires.New(), // before headers, which sees its fields
		alias.New(),   // maps behind proxy
		status.New(),
		headers.New(), // its edits of requests and responses are the last
	}, proxy.NewMethods())
}
