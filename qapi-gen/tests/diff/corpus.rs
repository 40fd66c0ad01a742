//! What changed between releases of QEMU, of which the corpus has the schemas.

use crate::common;
use crate::common::run::{Run, Scratch};
use qapi_gen::diff::diff;
use qapi_gen::{Frontend, Interface};
use std::path::Path;

/// The schemas of a release that the corpus has, as the command line names them.
fn corpus_schemas(folder: &Path) -> Vec<String> {
    let schemas = std::fs::read_dir(folder.join("schemas")).unwrap();
    let mut paths: Vec<String> = schemas
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    paths.sort();
    paths
}

#[test]
fn any_two_releases_can_be_compared() {
    let Some(corpus) = common::corpus("schemas") else {
        return;
    };
    let releases = corpus_schemas(&corpus);
    let read = |folder: &String| {
        let roots = ["qapi/qapi-schema.json", "qapi-schema.json"];
        let mut roots = roots.iter().map(|root| Path::new(folder).join(root));
        let root = roots.find(|root| root.is_file()).unwrap();
        Interface::of(&Frontend::new().legacy(true).read(root).unwrap())
    };
    let interfaces: Vec<Interface> = releases.iter().map(read).collect();
    for (a, old) in interfaces.iter().enumerate() {
        for (b, new) in interfaces.iter().enumerate() {
            let report = diff(old, new);
            assert_eq!(
                report.changes.is_empty(),
                a == b,
                "{} {}",
                releases[a],
                releases[b]
            );
        }
    }
    let dir = Scratch::new("releases", &[]);
    let run = dir.run(&["diff", "--legacy", &releases[0], &releases[1]]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

/// Everything on the wire that differs between QEMU 10.2 and 11.1.
const FROM_10_2_TO_11_1: &[&str] = &[
    "member-removed migrate.detach",
    "member-added query-block.flat",
    "deprecation-begun query-kvm",
    "command-removed query-migrationthreads",
    "member-added BlkdebugInjectErrorOptions.delay-ns",
    "type-widened BlockExportOptions.iothread",
    "branch-removed BlockdevCreateOptions.gluster",
    "value-removed BlockdevDriver.gluster",
    "branch-removed BlockdevOptions.gluster",
    "member-added BlockdevOptionsCurlHttp.force-range",
    "range-widened CXLCommonEventBase.flags",
    "member-added CXLCommonEventBase.head-id",
    "member-added CXLCommonEventBase.ld-id",
    "member-added CXLCommonEventBase.maint-op-class",
    "member-added CXLCommonEventBase.maint-op-subclass",
    "member-added CXLDRAMEvent.cme-ev-flags",
    "member-added CXLDRAMEvent.component-id",
    "member-added CXLDRAMEvent.cvme-count",
    "member-added CXLDRAMEvent.is-comp-id-pldm",
    "member-added CXLDRAMEvent.sub-channel",
    "mandatory-member-added CXLDRAMEvent.sub-type",
    "member-added CXLGeneralMediaEvent.cme-count",
    "member-added CXLGeneralMediaEvent.cme-ev-flags",
    "member-added CXLGeneralMediaEvent.is-comp-id-pldm",
    "mandatory-member-added CXLGeneralMediaEvent.sub-type",
    "member-added CXLMemModuleEvent.component-id",
    "member-added CXLMemModuleEvent.is-comp-id-pldm",
    "mandatory-member-added CXLMemModuleEvent.sub-type",
    "member-added ChardevCommon.logtimestamp",
    "member-added ChardevDBus.encoding",
    "member-added ChardevVC.encoding",
    "member-added DisplayGTK.clipboard",
    "feature-added DumpGuestMemoryFormat.win-dmp",
    "branch-added GuestPanicInformation.sev",
    "value-added GuestPanicInformationType.sev",
    "mandatory-member-added IOThreadInfo.poll-weight",
    "member-added IothreadProperties.poll-weight",
    "branch-added MemoryDeviceInfo.sp-mem",
    "value-added MemoryDeviceInfoKind.sp-mem",
    "value-removed MigrationCapability.zero-blocks",
    "member-added MigrationInfo.remaining",
    "type-widened MigrationParameters.tls-authz",
    "type-widened MigrationParameters.tls-creds",
    "type-widened MigrationParameters.tls-hostname",
    "member-added MigrationParameters.x-rdma-chunk-size",
    "value-added MigrationStatus.failing",
    "branch-added ObjectOptions.monitor-hmp",
    "branch-added ObjectOptions.monitor-qmp",
    "value-added ObjectType.monitor-hmp",
    "value-added ObjectType.monitor-qmp",
    "value-added QapiVfioMigrationState.pre-copy-p2p-prepare",
    "value-added SysEmuTarget.hexagon",
    "value-removed SysEmuTarget.microblazeel",
    "feature-added TdxGuestProperties",
    "mandatory-member-removed VhostStatus.backend-features",
    "mandatory-member-removed VirtVhostQueueStatus.avail",
    "mandatory-member-removed VirtVhostQueueStatus.desc",
    "mandatory-member-removed VirtVhostQueueStatus.used",
];

#[test]
fn qemu_11_1_differs_from_10_2_in_this() {
    let Some(corpus) = common::corpus("schemas") else {
        return;
    };
    let dir = Scratch::new("qemu", &[]);
    let side = |release: &str| {
        corpus
            .join("schemas")
            .join(release)
            .to_str()
            .unwrap()
            .to_owned()
    };
    let run = dir.run(&["diff", "--format", "json", &side("10.2.0"), &side("11.1.0")]);
    let found = changes(&run);
    let expected: Vec<String> = FROM_10_2_TO_11_1
        .iter()
        .map(|line| line.to_string())
        .collect();
    assert_eq!(found, expected);
}

fn changes(run: &Run) -> Vec<String> {
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let changes = report["changes"].as_array().unwrap();
    let line = |change: &serde_json::Value| {
        let subject = &change["subject"];
        let part = subject["part"]["name"].as_str();
        let part = part.map_or_else(String::new, |part| format!(".{part}"));
        format!(
            "{} {}{part}",
            change["code"].as_str().unwrap(),
            subject["name"].as_str().unwrap()
        )
    };
    changes.iter().map(line).collect()
}
