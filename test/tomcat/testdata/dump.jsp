<%@ page contentType="text/plain" session="false" import="java.util.*,java.security.*" %><%
out.println(request.getMethod() + " " + request.getRequestURI() + " ? " + request.getQueryString() + " " + request.getProtocol());
out.println("scheme=" + request.getScheme() + " secure=" + request.isSecure() + " server=" + request.getServerName() + ":" + request.getServerPort());
out.println("remote=" + request.getRemoteAddr() + " host=" + request.getRemoteHost() + " port=" + (request.getRemotePort() > 0)
	+ " user=" + request.getRemoteUser() + " auth=" + request.getAuthType());
out.println("length=" + request.getContentLength() + " type=" + request.getContentType() + " locale=" + request.getLocale());
for (String name : Collections.list(request.getHeaderNames()))
	out.println(name + ": " + Collections.list(request.getHeaders(name)));
for (String name : List.of("one", "AJP_REMOTE_PORT", "AJP_LOCAL_ADDR", "jakarta.servlet.request.cipher_suite", "jakarta.servlet.request.key_size"))
	out.println(name + " = " + request.getAttribute(name));
MessageDigest digest = MessageDigest.getInstance("MD5");
byte[] buffer = new byte[10000];
int size = 0;
for (int n; (n = request.getInputStream().read(buffer)) >= 0; size += n)
	digest.update(buffer, 0, n);
out.println(size + " bytes " + HexFormat.of().formatHex(digest.digest()));
%>
