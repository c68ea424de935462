// Package modules is the list of what this server can do.
//
// Imports every module.
package modules

import (
	"slices"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/accesscompat"
	"github.com/headgate/headgate/internal/modules/alias"
	"github.com/headgate/headgate/internal/modules/asis"
	"github.com/headgate/headgate/internal/modules/authbasic"
	"github.com/headgate/headgate/internal/modules/authdigest"
	"github.com/headgate/headgate/internal/modules/authnanon"
	"github.com/headgate/headgate/internal/modules/authncore"
	"github.com/headgate/headgate/internal/modules/authnfile"
	"github.com/headgate/headgate/internal/modules/authzcore"
	"github.com/headgate/headgate/internal/modules/authzgroupfile"
	"github.com/headgate/headgate/internal/modules/authzhost"
	"github.com/headgate/headgate/internal/modules/authzowner"
	"github.com/headgate/headgate/internal/modules/authzuser"
	"github.com/headgate/headgate/internal/modules/autoindex"
	"github.com/headgate/headgate/internal/modules/brotli"
	"github.com/headgate/headgate/internal/modules/buffer"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/modules/data"
	"github.com/headgate/headgate/internal/modules/deflate"
	"github.com/headgate/headgate/internal/modules/dir"
	"github.com/headgate/headgate/internal/modules/discover"
	"github.com/headgate/headgate/internal/modules/env"
	"github.com/headgate/headgate/internal/modules/expires"
	"github.com/headgate/headgate/internal/modules/filter"
	"github.com/headgate/headgate/internal/modules/headers"
	"github.com/headgate/headgate/internal/modules/heartbeat"
	"github.com/headgate/headgate/internal/modules/heartmonitor"
	"github.com/headgate/headgate/internal/modules/include"
	"github.com/headgate/headgate/internal/modules/info"
	"github.com/headgate/headgate/internal/modules/logconfig"
	"github.com/headgate/headgate/internal/modules/logdebug"
	"github.com/headgate/headgate/internal/modules/logforensic"
	"github.com/headgate/headgate/internal/modules/metrics"
	"github.com/headgate/headgate/internal/modules/mime"
	"github.com/headgate/headgate/internal/modules/mpm"
	"github.com/headgate/headgate/internal/modules/negotiation"
	"github.com/headgate/headgate/internal/modules/proxy"
	"github.com/headgate/headgate/internal/modules/proxybalancer"
	"github.com/headgate/headgate/internal/modules/proxyconnect"
	"github.com/headgate/headgate/internal/modules/proxyexpress"
	"github.com/headgate/headgate/internal/modules/proxyfcgi"
	"github.com/headgate/headgate/internal/modules/proxyhcheck"
	"github.com/headgate/headgate/internal/modules/proxyhtml"
	"github.com/headgate/headgate/internal/modules/proxyscgi"
	"github.com/headgate/headgate/internal/modules/ratelimit"
	"github.com/headgate/headgate/internal/modules/reflector"
	"github.com/headgate/headgate/internal/modules/remoteip"
	"github.com/headgate/headgate/internal/modules/reqtimeout"
	"github.com/headgate/headgate/internal/modules/rewrite"
	"github.com/headgate/headgate/internal/modules/setenvif"
	"github.com/headgate/headgate/internal/modules/ssl"
	"github.com/headgate/headgate/internal/modules/status"
	"github.com/headgate/headgate/internal/modules/substitute"
	"github.com/headgate/headgate/internal/modules/uniqueid"
	"github.com/headgate/headgate/internal/modules/unixd"
	"github.com/headgate/headgate/internal/modules/zstd"
)

// All is the list of modules in the order they are asked. It is the feature
// list: nothing registers itself.
func All() []*module.Module {
	names := new(module.Names) // verified names of clients, shared by all who ask
	store, penalty := authnfile.NewStore(), new(module.Penalty)
	checks := slices.Concat(authzhost.Providers(names), authzuser.Providers(), authzgroupfile.Providers(), authzowner.Providers(), ssl.Providers())
	users := module.AuthnProviders{store.Provider(), authnanon.Provider()}
	filters := slices.Concat(module.FilterKinds{deflate.Filter(), deflate.Inflate(), brotli.Filter(), zstd.Filter(), ratelimit.Filter(), substitute.Filter(), buffer.Filter(), include.Filter(), data.Filter()}, proxyhtml.Filters())
	handlers := slices.Concat(proxy.Handlers(), status.Handlers(), info.Handlers(), metrics.Handlers(), proxybalancer.Handlers(), negotiation.Handlers(), include.Handlers(), asis.Handlers(), reflector.Handlers())
	return slices.Concat([]*module.Module{
		core.New(handlers, filters),
		negotiation.New(), // a variant is chosen before its name is looked at
		mime.New(handlers, filters),
		mpm.New(),
		deflate.New(),
		brotli.New(),
		zstd.New(),
		filter.New(filters),
		unixd.New(),
		logconfig.New(),
		logconfig.NewIO(),
		remoteip.New(), // before all that goes by the client's address
		setenvif.New(),
		ssl.New(),
		authzhost.New(),
		authnfile.New(store),
		authnanon.New(),
		authncore.New(users, authbasic.Scheme(users[0], penalty), authdigest.Scheme(users[0], authdigest.NewClients(), penalty)),
		authdigest.New(users),
		authzuser.New(),
		authzgroupfile.New(),
		authzowner.New(),
		accesscompat.New(names), // it and authncore before authzcore, which looks for Satisfy and AuthType
		authzcore.New(checks...),
		rewrite.New(proxy.SchemeTier), // its rules come before what else maps, and before SetEnv
		env.New(),
		authbasic.New(users), // AuthBasicFake is among the last changes
		reqtimeout.New(),
		proxy.New(),
		proxy.NewHTTP(),
		proxy.NewAJP(),
		proxy.NewWSTunnel(),
		proxybalancer.New(),
		proxyfcgi.New(),
		proxyscgi.New(),
		proxyconnect.New(),
		proxy.NewUWSGI(),
		proxyexpress.New(), // maps behind proxy
		logdebug.New(),     // asked behind what maps to backends, before all else
		proxyhcheck.New(),
		heartbeat.New(),
		heartmonitor.New(),
		ratelimit.New(),
		include.New(),
		data.New(),
		asis.New(),
		reflector.New(),
		substitute.New(),
		buffer.New(),
		proxyhtml.New(),
		proxyhtml.NewXML2Enc(),
		uniqueid.New(),
		dir.New(),
		autoindex.New(),
		expires.New(), // before headers, which sees its fields
		alias.New(),   // maps behind proxy
		discover.New(),
		status.New(proxy.StatusPart),
		metrics.New(proxy.Metered), // behind proxy, whose workers it looks at
		info.New(
			info.Group{Kind: "authn", Names: namesOf(users, func(p module.AuthnProvider) string { return p.Name })},
			info.Group{Kind: "authz", Names: slices.Concat(authzcore.Names(), namesOf(checks, func(p module.AuthzProvider) string { return p.Name }))},
			info.Group{Kind: "proxylbmethod", Names: balance.MethodNames()},
		),
		headers.New(),     // its edits of requests and responses are the last
		logforensic.New(), // puts itself before all that changes a request
	}, proxy.NewMethods())
}

// namesOf returns the names in a list.
func namesOf[T any](list []T, name func(T) string) (names []string) {
	for _, v := range list {
		names = append(names, name(v))
	}
	return names
}
