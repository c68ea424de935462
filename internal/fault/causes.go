package fault

// The causes: of backends first, in the order of an attempt, then of clients and of
// access control, then of the proxy itself.
const (
	NoCause Cause = iota

	DNSFailed
	DNSTimeout
	BackendRefused
	BackendUnreachable
	ConnectTimeout
	TLSName
	TLSExpired
	TLSUntrusted
	TLSRevoked
	TLSAlert
	TLSNotSpoken
	TLSClosed
	TLSTimeout
	TLSFailed
	ThroughRefused
	QueueTimeout
	QueueFull
	AllMembersDown
	NoMembers
	SessionMemberDown
	HeldTooLong
	SendFailed
	SendTimeout
	PingFailed
	FirstByteTimeout
	ClosedBeforeHead
	ResetBeforeHead
	HeadTimeout
	ClosedInHead
	ResetInHead
	HeadInvalid
	HeadTooLarge
	ResponseTimeout
	BodyCut
	BodyInvalid
	ErrorOverride

	ClientGone
	ClientStalled
	RequestTimeout
	BodyTimeout
	RequestCut
	MalformedRequest
	MalformedTarget
	MalformedPath
	MalformedBody
	HeaderTooLarge
	URITooLong
	BodyTooLarge
	LengthRequired
	TooLargeForBackend
	ExpectationFailed
	VersionUnsupported
	NotImplemented
	MethodNotAllowed
	MethodUnknown
	TraceOff
	MaxForwards
	PlainOnTLS
	ClientTLS
	UpgradeRequired
	HostMissing
	Misdirected

	AuthRequired
	AuthFailed
	DeniedByRequire
	DeniedByAllow
	DeniedByTLS
	DeniedByCertificate
	DeniedByExpression
	DeniedByFakeAuth
	DeniedByFilesystem
	DeniedByProxyBlock
	DeniedByConnectPort
	DeniedByForwardAllow

	NoMapping
	FileMissing
	FileForbidden
	FileStalled
	FileChanged
	RangeBeyond
	NoVariant
	HandlerUnknown
	StatusByRule

	WorkerDisabled
	BadPort
	NamedFile
	TLSOff
	ConfigurationError
	RedirectLoop
	FilterFailed
	AuthBroken
	InternalError
	ServerStopping

	NumCauses // how many there are, NoCause included
)

var causes = [NumCauses]About{
	NoCause: {Name: "none"},

	DNSFailed: {"dns-failed", Backend, "502", "dns_error",
		"The name of the backend has no address.",
		"Check the spelling of the host and ask the name server: getent hosts NAME. A name that exists only inside a cluster needs that cluster's name server in /etc/resolv.conf."},
	DNSTimeout: {"dns-timeout", Backend, "502", "dns_timeout",
		"The name servers did not respond in time.",
		"Check /etc/resolv.conf, and whether the name servers can be reached from this machine."},
	BackendRefused: {"backend-refused", Backend, "503", "connection_refused",
		"The backend's machine refused the connection: nothing listens on that port.",
		"Is the backend running, and does it listen on this address and port? A program that listens on 127.0.0.1 cannot be reached by another address."},
	BackendUnreachable: {"backend-unreachable", Backend, "503", "destination_ip_unroutable",
		"There is no way to the backend: no route, a firewall that says so, or no socket file.",
		"Check the route and the firewall. For a unix: URL check that the file exists and that the server's user may open it."},
	ConnectTimeout: {"connect-timeout", Backend, "503", "connection_timeout",
		"The backend's machine did not accept the connection in time.",
		"A firewall that drops packets looks like this, and so does a backend whose accept queue is full. connectiontimeout= sets the limit."},
	TLSName: {"tls-name", Backend, "500", "tls_certificate_error",
		"The backend's certificate is for another name.",
		"Use the name of the certificate in the URL, or say it with sni=. ProxyPreserveHost On has the client's Host checked instead."},
	TLSExpired: {"tls-expired", Backend, "500", "tls_certificate_error",
		"The backend's certificate is expired, or not valid yet.",
		"Renew the certificate of the backend and have it loaded; check the clocks of both machines."},
	TLSUntrusted: {"tls-untrusted", Backend, "500", "tls_certificate_error",
		"No CA that is trusted here has issued the backend's certificate.",
		"Name the CA with SSLProxyCACertificateFile. The backend must send its intermediate certificates too."},
	TLSRevoked: {"tls-revoked", Backend, "500", "tls_certificate_error",
		"The backend's certificate is revoked, or a list of revoked certificates that is required is missing or out of date.",
		"Renew the certificate, or the lists of SSLProxyCARevocationFile."},
	TLSAlert: {"tls-alert", Backend, "500", "tls_alert_received",
		"The backend ended the TLS handshake with an alert.",
		"The backend's own log has its reason: a version or cipher that it does not have, an unknown server name, a certificate of ours that it wants."},
	TLSNotSpoken: {"tls-not-spoken", Backend, "500", "tls_protocol_error",
		"The backend's first bytes are not TLS.",
		"The URL begins with https:// and the port speaks plain HTTP: use http://, or the other port."},
	TLSClosed: {"tls-closed", Backend, "500", "connection_terminated",
		"The backend closed the connection during the TLS handshake.",
		"Look at the backend's log. Some servers do this when they do not know the server name that is sent (sni=), or cannot read their key."},
	TLSTimeout: {"tls-timeout", Backend, "500", "connection_timeout",
		"The TLS handshake with the backend was not done in time.",
		"The backend accepts connections and does not serve them: it may be overloaded, or wait for something itself."},
	TLSFailed: {"tls-failed", Backend, "500", "tls_protocol_error",
		"The TLS handshake with the backend failed.",
		"The log line has the reason. openssl s_client -connect HOST:PORT -servername NAME shows the same from outside."},
	ThroughRefused: {"through-refused", Backend, "502", "connection_refused",
		"The other proxy, that ProxyRemote names, did not open a tunnel.",
		"Look at that proxy's rules and log; it may want a login."},
	QueueTimeout: {"queue-timeout", Backend, "503", "connection_limit_reached",
		"All connections that max= allows were in use for as long as acquire= lets a request wait.",
		"Is the backend slower than usual? If not, raise max= or acquire=, or add a member."},
	QueueFull: {"queue-full", Backend, "503", "connection_limit_reached",
		"As many requests wait for a member as may wait.",
		"Bring members back; holdlimit= says how many requests may wait."},
	AllMembersDown: {"all-members-down", Backend, "503", "destination_unavailable",
		"No member of the balancer can be used: each is in error, drained, disabled or stopped.",
		"headgate ctl members shows the state of each and why. A member in error is tried again after its retry=."},
	NoMembers: {"no-members", Backend, "503", "destination_unavailable",
		"The balancer has no members.",
		"Add a BalancerMember, or look why expand= finds no address."},
	SessionMemberDown: {"session-member-down", Backend, "503", "destination_unavailable",
		"The member that has the client's session cannot be used, and nofailover=On forbids another one.",
		"Bring the member back, or set nofailover=Off if sessions can move."},
	HeldTooLong: {"held-too-long", Backend, "503", "destination_unavailable",
		"The request was held while no member could be used, and none came back in time.",
		"Bring members back; hold= says how long requests wait."},
	SendFailed: {"send-failed", Backend, "502", "connection_terminated",
		"The backend closed the connection while the request was being sent.",
		"It may limit the size of requests, or have crashed: look at its log."},
	SendTimeout: {"send-timeout", Backend, "504", "connection_write_timeout",
		"The backend did not read the request in time.",
		"The backend hangs or is overloaded. ProxyTimeout, or timeout= of the worker, sets the limit."},
	PingFailed: {"ping-failed", Backend, "503", "connection_timeout",
		"The backend did not confirm within ping= that it is there.",
		"Is the backend stuck? Does it know \"Expect: 100-continue\" (HTTP) or CPing (AJP)?"},
	FirstByteTimeout: {"first-byte-timeout", Backend, "504", "http_response_timeout",
		"The backend took the request and did not begin its response in time.",
		"Look at what the backend was doing: a slow query, a lock, a full pool. If the request may take so long, raise the limit that the line names."},
	ClosedBeforeHead: {"closed-before-head", Backend, "502", "http_response_incomplete",
		"The backend closed the connection without a byte of a response.",
		"It may have crashed or been restarted. If it happens only on reused connections, the backend closes idle ones early: set ttl= below its keep-alive time."},
	ResetBeforeHead: {"reset-before-head", Backend, "502", "connection_terminated",
		"The backend reset the connection before its response began.",
		"It may have crashed, or closes connections with unread requests: look at its log, and at load balancers and firewalls between."},
	HeadTimeout: {"head-timeout", Backend, "504", "http_response_timeout",
		"The backend began the head of its response and did not complete it in time.",
		"Look at the program that writes the header: it may flush too early and then wait."},
	ClosedInHead: {"closed-in-head", Backend, "502", "http_response_incomplete",
		"The backend closed the connection inside the head of its response.",
		"The program behind it ended early: look at the backend's log."},
	ResetInHead: {"reset-in-head", Backend, "502", "connection_terminated",
		"The backend reset the connection inside the head of its response.",
		"The program behind it crashed or was killed: look at the backend's log and the kernel's (out of memory)."},
	HeadInvalid: {"head-invalid", Backend, "502", "http_protocol_error",
		"The head of the backend's response is not valid HTTP.",
		"The log line says which part. ProxyBadHeader says what lines without a colon mean."},
	HeadTooLarge: {"head-too-large", Backend, "502", "http_response_header_section_size",
		"The head of the backend's response, or a field of it, is larger than allowed.",
		"Often too many cookies. responsefieldsize= allows longer fields."},
	ResponseTimeout: {"response-timeout", Backend, "the response is cut", "connection_read_timeout",
		"The backend stopped sending in the middle of the response's body.",
		"Look at what the backend was doing. For streams with long pauses raise the limit that the line names."},
	BodyCut: {"body-cut", Backend, "the response is cut", "http_response_incomplete",
		"The backend's connection broke before the end of the response's body.",
		"The program behind it ended early or was killed; a Content-Length may be too large."},
	BodyInvalid: {"body-invalid", Backend, "the response is cut", "http_response_transfer_coding",
		"The framing of the backend's body is not valid: a chunk that is none.",
		"The backend writes to the connection past its framing: look for raw output in the program."},
	ErrorOverride: {"error-override", Backend, "the backend's", "",
		"The backend responded with an error, and ProxyErrorOverride, or a rule for its response, replaced the page.",
		"Nothing failed between proxy and backend: look at the backend's log."},

	ClientGone: {"client-gone", Client, "", "",
		"The client closed the connection before it had the response.",
		"Users who leave, or a client, a load balancer or a CDN with a shorter timeout than ours. Compare how long the request had taken."},
	ClientStalled: {"client-stalled", Client, "the response is cut", "",
		"The client did not read its response in time.",
		"A slow or stuck client. Timeout sets how long one is waited for."},
	RequestTimeout: {"request-timeout", Client, "408", "http_request_error",
		"The head of the request did not arrive in time.",
		"Slow clients, or an attack by slowness. RequestReadTimeout and Timeout set the limit."},
	BodyTimeout: {"body-timeout", Client, "408", "http_request_error",
		"The body of the request did not arrive in time.",
		"Slow uploads: RequestReadTimeout body= and Timeout set the limit."},
	RequestCut: {"request-cut", Client, "400", "http_request_error",
		"The client's connection ended inside the request.",
		"Nothing to do here, unless many: then look at the network and the clients' timeouts."},
	MalformedRequest: {"malformed-request", Client, "400", "http_request_error",
		"The head of the request is not valid HTTP.",
		"The log line, at LogLevel info, says what. Scanners send such requests all the time."},
	MalformedTarget: {"malformed-target", Client, "400", "http_request_error",
		"The request is valid HTTP, and its target or a header field is not one that can be served.",
		"The log line, at LogLevel info, says what."},
	MalformedPath: {"malformed-path", Client, "400 or 404", "http_request_error",
		"The path of the request cannot be decoded: a bad escape, a zero byte, a path above the root, an encoded slash.",
		"AllowEncodedSlashes permits encoded slashes."},
	MalformedBody: {"malformed-body", Client, "400", "http_request_error",
		"The framing of the request's body is not valid.",
		"A broken client, or an attempt to smuggle a request."},
	HeaderTooLarge: {"header-too-large", Client, "431", "http_request_error",
		"The header of the request is larger than allowed.",
		"Often too many cookies. LimitRequestFieldSize and LimitRequestFields set the limits."},
	URITooLong: {"uri-too-long", Client, "414", "http_request_error",
		"The request line is longer than allowed.",
		"LimitRequestLine sets the limit."},
	BodyTooLarge: {"body-too-large", Client, "413", "http_request_error",
		"The body of the request is larger than allowed.",
		"LimitRequestBody sets the limit."},
	LengthRequired: {"length-required", Client, "411", "http_request_error",
		"The backend must be told the length of the body, and the client did not say it.",
		"Clients that know the length should send Content-Length."},
	TooLargeForBackend: {"too-large-for-backend", Client, "500", "http_request_error",
		"The backend's protocol cannot carry the request: its head is too large.",
		"For AJP raise ProxyIOBufferSize or iobuffersize=, and packetSize in the backend."},
	ExpectationFailed: {"expectation-failed", Client, "417", "http_request_error",
		"The client expects something that is not 100-continue.",
		"Nothing to do here: no server knows other expectations."},
	VersionUnsupported: {"version-unsupported", Client, "505", "http_request_error",
		"The request's version of HTTP is not one that is spoken here.",
		"Nothing to do here."},
	NotImplemented: {"not-implemented", Client, "501", "http_request_error",
		"The request needs something that is not supported: a transfer coding, for example.",
		"The log line, at LogLevel info, says what."},
	MethodNotAllowed: {"method-not-allowed", Client, "405", "http_request_denied",
		"The method is not allowed at this path.",
		"If it should reach a backend: no ProxyPass matches the path."},
	MethodUnknown: {"method-unknown", Client, "501", "http_request_denied",
		"The method is not known, and no backend is mapped at this path.",
		"If it should reach a backend: no ProxyPass matches the path."},
	TraceOff: {"trace-off", Client, "405 or 413", "http_request_denied",
		"TRACE is not allowed: TraceEnable says so.",
		"Nothing to do: TRACE is for debugging only."},
	MaxForwards: {"max-forwards", Client, "400 or 502", "proxy_loop_detected",
		"The request has passed as many proxies as Max-Forwards allows.",
		"Look for proxies that send requests to each other in a circle. ProxyMaxForwards sets the limit."},
	PlainOnTLS: {"plain-on-tls", Client, "400", "http_request_error",
		"The client spoke plain HTTP to a port for TLS.",
		"Links to the port must begin with https://."},
	ClientTLS: {"client-tls", Client, "", "",
		"The TLS handshake with the client failed: there was no request.",
		"Scanners do this all the time. If users complain: SSLProtocol, SSLCipherSuite and the certificate's chain."},
	UpgradeRequired: {"upgrade-required", Client, "426", "http_upgrade_failed",
		"The backend's URL is ws:// or wss://, and the request does not ask for a WebSocket.",
		"Use http:// in the URL with upgrade=websocket, which serves both."},
	HostMissing: {"host-missing", Client, "400", "http_request_error",
		"The TLS handshake named a host, and the request names none.",
		"A client with HTTP/1.0 on a connection with a server name."},
	Misdirected: {"misdirected-request", Client, "421", "http_request_denied",
		"The request names a host that the connection's TLS handshake was not for, with other settings.",
		"Browsers open a new connection by themselves. Certificates for several hosts make them share connections: give these hosts the same TLS settings."},

	AuthRequired: {"auth-required", Client, "401 or 407", "http_request_denied",
		"The path needs a login, and the request has none.",
		"Usual: browsers ask the user after the first such response."},
	AuthFailed: {"auth-failed", Client, "401 or 407", "http_request_denied",
		"The login is not accepted: unknown user, wrong password, or another scheme.",
		"The log line says which. Many from one address may be guessing."},
	DeniedByRequire: {"denied-by-require", Client, "403 or 401", "http_request_denied",
		"Require does not admit the client or the user.",
		"headgate route --from ADDRESS URL shows the verdict of each Require."},
	DeniedByAllow: {"denied-by-allow", Client, "403", "http_request_denied",
		"Order, Allow and Deny do not admit the client.",
		"headgate route --from ADDRESS URL shows which line decides. Behind a load balancer mod_remoteip restores the client's address."},
	DeniedByTLS: {"denied-by-tls", Client, "403", "http_request_denied",
		"The path needs TLS (SSLRequireSSL), or a server name in its handshake (SSLStrictSNIVHostCheck).",
		"Send clients to https://, for example with a Redirect."},
	DeniedByCertificate: {"denied-by-certificate", Client, "403", "http_request_denied",
		"SSLVerifyClient does not admit the client: it has no certificate, or one that is not accepted.",
		"The log line says which. SSLCACertificateFile names the CAs that are trusted."},
	DeniedByExpression: {"denied-by-sslrequire", Client, "403", "http_request_denied",
		"The expression of SSLRequire does not hold.",
		"The log line has the expression."},
	DeniedByFakeAuth: {"denied-by-fakebasicauth", Client, "403", "http_request_denied",
		"The request has a login that only FakeBasicAuth may make.",
		"An attempt to pass for the owner of a certificate."},
	DeniedByFilesystem: {"denied-by-filesystem", Client, "403", "http_request_denied",
		"A folder on the way to the file cannot be searched, a symbolic link there may not be followed, or a .htaccess file cannot be read.",
		"The server's user needs x on every folder of the path: namei -l FILE shows them, and links. Options says which links may be followed."},
	DeniedByProxyBlock: {"denied-by-proxyblock", Client, "403", "http_request_denied",
		"ProxyBlock names the host that the client of the forward proxy wants.",
		"Look at the lines of ProxyBlock."},
	DeniedByConnectPort: {"denied-by-allowconnect", Client, "403 or 405", "http_request_denied",
		"CONNECT is not allowed, or not to this port.",
		"AllowCONNECT names the ports."},
	DeniedByForwardAllow: {"denied-by-forwardallow", Client, "403", "destination_ip_prohibited",
		"A client of the forward proxy wants an address that only this machine should reach.",
		"HeadgateForwardAllow names the exceptions."},

	NoMapping: {"no-mapping", Client, "404", "destination_not_found",
		"Nothing is mapped at this path.",
		"headgate route URL shows which rules were looked at. ProxyPass, Alias or RewriteRule map a path."},
	FileMissing: {"file-missing", Proxy, "404", "destination_not_found",
		"The path is mapped to a file that does not exist.",
		"headgate route URL shows the file's name."},
	FileForbidden: {"file-forbidden", Proxy, "403", "http_request_denied",
		"The server's user may not read the file.",
		"Check the file's permissions, and what User and Group say."},
	FileStalled: {"file-stalled", Proxy, "503", "proxy_internal_error",
		"The disk did not deliver a file in time, or too many files were waited for.",
		"Look at the disk, or the network mount, that the file is on."},
	FileChanged: {"file-changed", Proxy, "500 or cut", "http_response_incomplete",
		"The file became shorter, or could not be read any more, while it was sent.",
		"Replace files by renaming a new one over them rather than by writing into them."},
	NoVariant: {"no-variant", Client, "406", "http_request_error",
		"None of the variants of a document is acceptable to the client, or the one that is has variants itself.",
		"ForceLanguagePriority Prefer Fallback has LanguagePriority choose where the client names other languages."},
	RangeBeyond: {"range-beyond", Client, "416", "http_request_error",
		"The client wants a part of a file that begins beyond its end.",
		"The client may have a part of an older version; it begins again by itself."},
	HandlerUnknown: {"handler-unknown", Client, "404", "destination_not_found",
		"A handler is named for this path that does not exist here, and the file is not shown in its place.",
		"SetHandler and AddHandler name handlers; programs are run by an application server that ProxyPass names."},
	StatusByRule: {"status-by-rule", Proxy, "as configured", "proxy_internal_response",
		"A directive responds with this status: Redirect, RewriteRule with [F], [G] or [R=...], or the like.",
		"headgate route URL shows the directive and its line."},

	WorkerDisabled: {"worker-disabled", Proxy, "503", "destination_unavailable",
		"The worker is disabled or stopped by its status=.",
		"Change status= in the configuration."},
	BadPort: {"bad-port", Proxy, "400", "proxy_configuration_error",
		"The port in the backend's URL is not a port.",
		"Correct the URL in the configuration: headgate check warns of it."},
	NamedFile: {"named-file", Proxy, "500", "proxy_configuration_error",
		"The backend named a file in place of a body (X-Sendfile), and it cannot be sent.",
		"The log line says why: its name, the access rules for it, or its permissions."},
	TLSOff: {"tls-off", Proxy, "500", "proxy_configuration_error",
		"The backend's URL begins with https:// and SSLProxyEngine is off.",
		"Add SSLProxyEngine On to the virtual host."},
	ConfigurationError: {"configuration-error", Proxy, "500", "proxy_configuration_error",
		"The configuration cannot serve this request: a protocol, a balancer or an expression that does not work for it.",
		"The log line says what; headgate route URL shows the directive."},
	FilterFailed: {"filter-failed", Proxy, "500 or cut", "proxy_internal_error",
		"A filter could not change the body of the response.",
		"The log line says which one and why; for a line that is too long raise SubstituteMaxLineLength."},
	RedirectLoop: {"redirect-loop", Proxy, "500", "proxy_configuration_error",
		"The request was redirected inside the server more than 10 times.",
		"Rules, or error documents, that lead to each other: headgate route URL shows the rounds."},
	AuthBroken: {"auth-broken", Proxy, "500", "proxy_configuration_error",
		"Access control cannot decide: a file of users, a provider or AuthName is missing or broken.",
		"The log line says which."},
	InternalError: {"internal-error", Proxy, "500", "proxy_internal_error",
		"A fault of the proxy itself.",
		"The log has the details, with a stack after a panic. Please report it."},
	ServerStopping: {"server-stopping", Proxy, "", "",
		"The request was cut because the server stops.",
		"A graceful stop waits as long as GracefulShutdownTimeout says."},
}
