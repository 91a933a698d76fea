package advisory

// csafSample is an invented document that uses every part of a product tree and every status.
const csafSample = `{
  "document": {
    "category": "csaf_security_advisory", "csaf_version": "2.0", "lang": "en", "title": "Nordlys infusion pumps",
    "distribution": {"tlp": {"label": "GREEN"}},
    "notes": [{"category": "legal_disclaimer", "text": "As it is."}, {"category": "summary", "text": "Two weaknesses."}],
    "publisher": {"category": "vendor", "name": "Nordlys Medical PSIRT", "namespace": "https://nordlys.example"},
    "references": [{"category": "self", "summary": "Web", "url": "https://nordlys.example/csaf/nm-2026-007.json"},
                   {"summary": "Background", "url": "https://nordlys.example/background"}],
    "tracking": {"id": "NM-2026-007", "status": "final", "version": "2", "initial_release_date": "2026-02-01T08:00:00Z",
      "current_release_date": "2026-03-01T08:00:00.000+01:00",
      "revision_history": [{"date": "2026-02-01T08:00:00Z", "number": "1", "summary": "First"}, {"date": "2026-03-01T07:00:00Z", "number": "2", "summary": "Fix"}]}
  },
  "product_tree": {
    "branches": [{"category": "vendor", "name": "Nordlys Medical", "branches": [
      {"category": "product_family", "name": "Fjord", "branches": [
        {"category": "product_name", "name": "Fjord 300", "branches": [
          {"category": "product_version", "name": "4.1.2", "product": {"product_id": "P1", "name": "Fjord 300 4.1.2",
            "product_identification_helper": {"cpe": "cpe:2.3:o:nordlys:fjord_300_firmware:4.1.2:*:*:*:*:*:*:*",
              "purl": "pkg:generic/nordlys/fjord@4.1.2?arch=arm", "model_numbers": ["FJ-300"], "serial_numbers": ["30?-*"], "skus": ["300-EU"],
              "hashes": [{"filename": "fw.bin", "file_hashes": [{"algorithm": "SHA256", "value": "AA0102030405060708090a0b0c0d0e0f"}]}],
              "sbom_urls": ["https://nordlys.example/sbom"], "x_generic_uris": [{"namespace": "urn:udi", "uri": "urn:udi:0426"}]}}},
          {"category": "product_version_range", "name": "< 4.2", "product": {"product_id": "P2", "name": "Fjord 300 before 4.2"}},
          {"category": "product_version", "name": "Rev B-M", "product": {"product_id": "P3", "name": "Fjord 300 revisions B to M"}},
          {"category": "product_version", "name": "4.0", "branches": [
            {"category": "service_pack", "name": "SP2", "branches": [
              {"category": "architecture", "name": "arm64", "product": {"product_id": "P4", "name": "Fjord 300 4.0 SP2 for arm64"}}]}]},
          {"category": "product_version", "name": "4.2", "product": {"product_id": "P5", "name": "Fjord 300 4.2"}}]}]},
      {"category": "legacy", "name": "Vik pump", "product": {"product_id": "P6", "name": "Vik pump"}}]}],
    "full_product_names": [{"product_id": "OS", "name": "Realtime OS 7"}, {"product_id": "LIB", "name": "libdrip"}],
    "relationships": [
      {"category": "installed_on", "product_reference": "R1", "relates_to_product_reference": "P1", "full_product_name": {"product_id": "R2", "name": "libdrip in Realtime OS on Fjord"}},
      {"category": "default_component_of", "product_reference": "LIB", "relates_to_product_reference": "OS", "full_product_name": {"product_id": "R1", "name": "libdrip in Realtime OS"}}],
    "product_groups": [{"group_id": "G1", "product_ids": ["P1", "P2"]}]
  },
  "vulnerabilities": [
    {"cve": "CVE-2026-1234", "title": "Default key", "cwe": {"id": "CWE-798", "name": "Use of Hard-coded Credentials"},
     "ids": [{"system_name": "Nordlys", "text": "NM-9"}, {"system_name": "Nordlys", "text": "NM-10"}],
     "notes": [{"category": "description", "text": "The service port accepts a fixed key."}],
     "product_status": {"known_affected": ["P1", "P2", "P3"], "first_affected": ["P4"], "last_affected": ["P2"], "fixed": ["P5"], "recommended": ["P5", "P1"],
       "known_not_affected": ["P6", "R2"], "under_investigation": ["OS"]},
     "flags": [{"label": "component_not_present", "product_ids": ["P6"]}],
     "scores": [{"products": ["P1"], "cvss_v3": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "baseScore": 9.8, "baseSeverity": "CRITICAL"}}],
     "remediations": [{"category": "vendor_fix", "details": "Install 4.2.", "group_ids": ["G1"], "date": "2026-03-01T07:00:00Z", "url": "https://nordlys.example/4.2", "restart_required": {"category": "machine"}}],
     "threats": [{"category": "impact", "details": "The library is never called.", "product_ids": ["R2"]}, {"category": "exploit_status", "details": "None known.", "group_ids": ["G1"]}]},
    {"ids": [{"system_name": "x", "text": "NM-11"}], "product_status": {"known_affected": ["GHOST"]}},
    {"title": "Without an id"}, {"title": "Another without an id"}
  ]
}`
