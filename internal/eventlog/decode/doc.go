// Package decode turns messages as they were taken into normalised events.
//
// It decodes syslog (with audit messages, CEF or JSON inside), audit messages of DICOM PS3.15 and RFC 3881, FHIR
// AuditEvent, Zeek logs (JSON and with a header), Suricata EVE, Windows events as JSON (winlogbeat, NXLog, flat, EVTX
// converters), CEF, and JSON of any maker. Invariants:
//   - Every message becomes at least one event, and the original stays byte for byte. What cannot be decoded has the
//     format raw and a Fault; what is decoded with something wrong has a Fault too.
//   - A time is the source's own, or absent. The zone is the source's where the record has none; "time.assumed" names
//     what was not said: "zone" (read as UTC), "year" (taken from the time of receipt).
//   - The id of a patient never stands in a normalised field, nor does a patient's name. "patient_hash" is half of
//     SHA-256 over the salt of the installation and the id, in hexadecimal digits; ids inside of addresses are cut out.
//     Raw, and Message where it is the text of a log, are as the source wrote them.
//   - Every event fulfils eventlog.Event.Validate.
//
// # Normalised fields
//
// Further values of one kind stand under name.2, name.3 … name.16. Event itself has User, Host, SrcIP and the like; rules
// and searches know them as user, host, src.ip, src.port, dst.ip, dst.port, proto, hash, message.
//
//	ae.calling ae.called            AE titles of the source and the destination
//	alert.id .action .category      of a detection by others: signature, note
//	anomaly.event                   EVE
//	app                             application protocol or program
//	audit.event .type               EventID and EventTypeCode (110112, 110122, ITI-18); FHIR type and subtype
//	audit.action .outcome           C R U D E; 0 4 8 12
//	audit.source .site .source_type who reports
//	auth.method .service            VNC; Kerberos
//	bytes.out .in                   from the source to the destination, and back
//	cef.vendor .product .event .name, and the keys of the extension as they are
//	conn.state                      as Zeek or EVE writes it
//	dhcp.mac .address
//	dns.query .type .rcode
//	duration                        seconds
//	email.from .to
//	fhir.type .subtype
//	file.name .type
//	ftp.command
//	hl7.msh10                       control number of the message that caused an audit event
//	http.host .method .uri .status .user_agent
//	media                           DCM code of a medium (110030 USB …)
//	n_instances n_objects           counts of an audit event
//	net.service                     service that was recognised
//	object.type .role .lifecycle .id .id_type  first object that is no patient
//	object.query                    "true": there is a question
//	patient_hash
//	query.wide                      "true": a C-FIND that restricts nothing; "false": one that does; absent: not known
//	sd.ELEMENT.NAME                 structured data of RFC 5424
//	smb.share .path .version .action
//	sop_class study.uid             UIDs
//	ssh.client .server
//	syslog.app .procid .msgid .facility .severity   keywords of RFC 5424 6.2.1: authpriv, err
//	time.assumed                    "zone", "year", "year zone"
//	time.hour .weekday              0-23, 1 (Monday)-7, on the clock of the source
//	tls.version .sni .ja3 .subject .issuer
//	user.alt .name .role .requestor .host
//	win.channel .id .provider
//
// Zeek logs named dicom and hl7 come from a sensor that writes the normalised names itself; they are taken as they are. So
// are those of JSON of any maker that begin with health., hl7., fhir., dicom., ae., audit., dns., http., tls., smb. and
// the like. What they call a patient's becomes patient_hash when it is an id, and is left out otherwise.
//
// # Log sources
//
//	audit messages          medical/atna, medical/fhir    category audit
//	Zeek                    zeek/LOG       dns http dicom hl7; ssl x509 ocsp quic: tls; smb_*: smb; ssh ftp ntlm kerberos
//	                                       radius ldap: auth; capture_loss stats and other logs about Zeek: none; others: network
//	EVE                     suricata/TYPE  dns http tls smb; ssh ftp krb5 rfb: auth; stats: none; others: network
//	Windows                 windows/SERVICE  category of SigmaHQ by channel and event id
//	syslog                  linux/SERVICE for known programs, else none; category device
//	CEF                     device, or network with two addresses
//	JSON of any maker       by the family of its normalised names; network with two addresses; else device
//
// # OCSF
//
// class_uid with the activity_ids that are used; 99 is "other".
//
//	1001 File System Activity     1 create, 4 delete, 99
//	1007 Process Activity         1 launch, 2 terminate, 3 open, 4 inject
//	2004 Detection Finding        1 create: security alerts, notices, alerts of an IDS
//	3001 Account Change           1 create, 2 enable, 3 and 4 password, 5 disable, 6 delete, 99
//	3002 Authentication           1 logon, 2 logoff, 3 and 4 tickets, 99
//	3005 User Access              1 assign (emergency override starts, group joined), 2 revoke, 99
//	4001 Network Activity         1 open, 2 close, 3 reset, 4 fail, 5 refuse, 6 traffic, 99
//	4002 HTTP                     1 to 8 by method, 99
//	4003 DNS                      1 query, 2 response
//	4004 DHCP                     99
//	4005 RDP, 4007 SSH            1
//	4006 SMB                      2 open, 99
//	4009 Email                    1 send
//	5001 Device Inventory         2 collect
//	5019 Device Config State      99
//	6002 Application Lifecycle    1 install, 3 start, 4 stop, 99; audit recording and service sessions too
//	6003 API Activity             1 create, 2 read, 3 update, 4 delete
//	6005 Datastore Activity       1 read, 2 update, 4 query, 5 write, 6 create, 7 delete, 99
//	201001 Registry Key           3 modify
//
// Severity: of audit messages by outcome (0 informational, 4 medium, 8 high, 12 critical); of syslog debug to info 1,
// notice 2, warning 3, err 4, crit and alert 5, emerg 6.
package decode
