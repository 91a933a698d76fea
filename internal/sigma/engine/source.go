package engine

import (
	"strconv"

	"triward/internal/sigma"
)

// channels are the Windows event channels by their folded names, with the service that SigmaHQ's rules call them.
var channels = map[string]string{
	"security":           "security",
	"system":             "system",
	"application":        "application",
	"windows powershell": "powershell-classic",
	"microsoft-windows-powershell/operational":       "powershell",
	"powershellcore/operational":                     "powershell",
	"microsoft-windows-sysmon/operational":           "sysmon",
	"microsoft-windows-windows defender/operational": "windefend",
	"microsoft-windows-taskscheduler/operational":    "taskscheduler",
	"microsoft-windows-wmi-activity/operational":     "wmi",
	"microsoft-windows-dns-client/operational":       "dns-client",
	"dns server": "dns-server",
	"microsoft-windows-dns-server/analytical":                                  "dns-server-analytic",
	"microsoft-windows-dns-server/audit":                                       "dns-server-audit",
	"microsoft-windows-dhcp-server/operational":                                "dhcp",
	"dhcpadminevents":                                                          "dhcp",
	"microsoft-windows-driverframeworks-usermode/operational":                  "driver-framework",
	"microsoft-windows-ntlm/operational":                                       "ntlm",
	"microsoft-windows-applocker/msi and script":                               "applocker",
	"microsoft-windows-applocker/exe and dll":                                  "applocker",
	"microsoft-windows-applocker/packaged app-deployment":                      "applocker",
	"microsoft-windows-applocker/packaged app-execution":                       "applocker",
	"msexchange management":                                                    "msexchange-management",
	"microsoft-servicebus-client":                                              "microsoft-servicebus-client",
	"microsoft-servicebus-client/operational":                                  "microsoft-servicebus-client",
	"microsoft-servicebus-client/admin":                                        "microsoft-servicebus-client",
	"microsoft-windows-ldap-client/debug":                                      "ldap",
	"microsoft-windows-bits-client/operational":                                "bits-client",
	"microsoft-windows-security-mitigations/kernel mode":                       "security-mitigations",
	"microsoft-windows-security-mitigations/user mode":                         "security-mitigations",
	"microsoft-windows-diagnosis-scripted/operational":                         "diagnosis-scripted",
	"microsoft-windows-shell-core/operational":                                 "shell-core",
	"openssh/operational":                                                      "openssh",
	"microsoft-windows-codeintegrity/operational":                              "codeintegrity-operational",
	"microsoft-windows-appxdeploymentserver/operational":                       "appxdeployment-server",
	"microsoft-windows-appxpackaging/operational":                              "appxpackaging-om",
	"microsoft-windows-appmodel-runtime/admin":                                 "appmodel-runtime",
	"microsoft-windows-lsa/operational":                                        "lsa-server",
	"microsoft-windows-printservice/admin":                                     "printservice-admin",
	"microsoft-windows-printservice/operational":                               "printservice-operational",
	"microsoft-windows-smbclient/security":                                     "smbclient-security",
	"microsoft-windows-smbclient/connectivity":                                 "smbclient-connectivity",
	"microsoft-windows-smbserver/connectivity":                                 "smbserver-connectivity",
	"microsoft-windows-terminalservices-localsessionmanager/operational":       "terminalservices-localsessionmanager",
	"microsoft-windows-windows firewall with advanced security/firewall":       "firewall-as",
	"microsoft-windows-capi2/operational":                                      "capi2",
	"microsoft-windows-certificateservicesclient-lifecycle-system/operational": "certificateservicesclient-lifecycle-system",
	"microsoft-iis-configuration/operational":                                  "iis-configuration",
	"microsoft-windows-iis-configuration/operational":                          "iis-configuration",
	"microsoft-windows-kernel-file/analytic":                                   "kernel-file",
}

// categories are those of SigmaHQ by service and event id. A registry event belongs to two of them.
var categories = map[string]map[int][]string{
	"sysmon": {
		1: {"process_creation"}, 2: {"file_change"}, 3: {"network_connection"}, 4: {"sysmon_status"},
		5: {"process_termination"}, 6: {"driver_load"}, 7: {"image_load"}, 8: {"create_remote_thread"},
		9: {"raw_access_thread"}, 10: {"process_access"}, 11: {"file_event"},
		12: {"registry_event", "registry_add", "registry_delete"}, 13: {"registry_event", "registry_set"},
		14: {"registry_event", "registry_rename"}, 15: {"create_stream_hash"}, 16: {"sysmon_status"},
		17: {"pipe_created"}, 18: {"pipe_created"}, 19: {"wmi_event"}, 20: {"wmi_event"}, 21: {"wmi_event"},
		22: {"dns_query"}, 23: {"file_delete"}, 24: {"clipboard_capture"}, 25: {"process_tampering"},
		26: {"file_delete"}, 27: {"file_block_executable"}, 28: {"file_block_shredding"},
		29: {"file_executable_detected"}, 255: {"sysmon_error"},
	},
	"security":           {4688: {"process_creation"}},
	"powershell":         {4103: {"ps_module"}, 4104: {"ps_script"}},
	"powershell-classic": {400: {"ps_classic_start"}, 600: {"ps_classic_provider_start"}, 800: {"ps_classic_script"}},
	"kernel-file":        {12: {"file_access"}, 19: {"file_rename"}},
}

// windowsSources are the log sources of a Windows event.
func windowsSources(service string, id int) []sigma.LogSource {
	list := categories[service][id]
	if len(list) == 0 {
		return []sigma.LogSource{{Product: "windows", Service: service}}
	}
	var out []sigma.LogSource
	for _, c := range list {
		out = append(out, sigma.LogSource{Product: "windows", Category: c, Service: service})
	}
	return out
}

// SourceOf derives the log sources of a record from what it says of itself: the channel and the event id of a Windows
// event, the path of a Zeek log, the event type of Suricata's EVE. A record that says none of it has none. get gives the
// first value of a field.
func SourceOf(get func(name string) (string, bool)) []sigma.LogSource {
	if channel, ok := get("Channel"); ok {
		id, _ := get("EventID")
		n, err := strconv.Atoi(id)
		if err != nil {
			n = -1
		}
		return windowsSources(channels[sigma.Fold(channel)], n)
	}
	if path, ok := get("_path"); ok {
		l := sigma.LogSource{Product: "zeek", Service: path}
		if path == "dns" {
			l.Category = "dns"
		}
		return []sigma.LogSource{l}
	}
	if kind, ok := get("event_type"); ok {
		if _, ok := get("flow_id"); ok {
			return []sigma.LogSource{{Product: "suricata", Service: kind}}
		}
	}
	return nil
}

// Sources are the log sources of an event that was decoded: its own, and that of medical rules, which are about any
// event of their category.
func Sources(product, category, service string) []sigma.LogSource {
	out := []sigma.LogSource{{Product: product, Category: category, Service: service}}
	if category != "" {
		out = append(out, sigma.LogSource{Product: "medical", Category: category})
	}
	return out
}
