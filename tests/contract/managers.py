"""Programs of cluster managers and of AIX in the worlds of the contract, by world."""

from __future__ import annotations

UNIQUE_ID = "200B75BALB1107B07210790003IBMfcp"

_CRM_MON = """cat <<'END'
<pacemaker-result>
  <summary>
    <stack type="corosync"/>
    <current_dc present="true" name="n1" with_quorum="true"/>
    <nodes_configured number="1"/>
    <cluster_options stonith-enabled="true" maintenance-mode="false"/>
  </summary>
  <nodes>
    <node name="n1" online="true" maintenance="false" pending="false" unclean="false"
      type="member"/>
  </nodes>
  <resources>
    <resource id="db" resource_agent="ocf:heartbeat:Filesystem" role="{role}" active="{active}"
      target_role="Stopped" orphaned="false" blocked="false" managed="true" failed="false"
      failure_ignored="false" nodes_running_on="0"/>
  </resources>
  <status code="0" message="OK"/>
</pacemaker-result>
END"""
CRM_MON = {
    "down": _CRM_MON.format(role="Stopped", active="false"),
    "up": _CRM_MON.format(role="Started", active="true"),
}
CIBADMIN = """cat <<'END'
<status>
  <node_state uname="n1"><lrm><lrm_resources><lrm_resource id="db">
    <lrm_rsc_op operation="stop" interval="0" call-id="7" rc-code="0" op-status="0"
      last-rc-change="1795660100"/>
  </lrm_resource></lrm_resources></lrm></node_state>
</status>
END"""
CLRGINFO = {
    world: f"echo 'db:{state}:n1:non-concurrent:OHN:FNPN:NFB:ignore::: : :::'"
    for world, state in {"down": "OFFLINE", "up": "ONLINE"}.items()
}
LSSRC = "echo 'Current state: ST_STABLE'"
HASYS = "printf '%s\\n' '#System Attribute Value' 'n1 SysState RUNNING'"
_HAGRP = """echo '#Group Attribute System Value'
case $1 in
-display) printf 'db %s\\n' 'SystemList global n1 0' 'Probed n1 1' 'AutoDisabled n1 0' ;;
-state) echo 'db State n1 |{state}|' ;;
esac"""
HAGRP = {"down": _HAGRP.format(state="OFFLINE"), "up": _HAGRP.format(state="ONLINE")}
ODMGET = f"""printf 'CuAt:\\n\\tname = "hdisk4"\\n\\tattribute = "unique_id"\\n'
printf '\\tvalue = "{UNIQUE_ID}"\\n'"""
LSDEV = "echo hdisk4:Available"
MOUNT = """cat <<'END'
  node       mounted        mounted over    vfs       date        options
-------- ---------------  ---------------  ------ ------------ ---------------
         /dev/hd4         /                jfs2   Nov 12 14:41 rw,log=/dev/hd8
END"""
LSPV = "echo 'hdisk4 00c03c8a14fa936b dbvg'"
LSVG = {"down": "echo rootvg", "up": "printf '%s\\n' rootvg dbvg"}
