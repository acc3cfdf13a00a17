//! Runbooks that others wrote, in their thousand habits.

use std::path::Path;

use crashcart::runbook::{Looks, Runbook, lint};

use super::{corpus, files};

fn documents() -> Vec<(String, String)> {
    let Some(folder) = corpus("runbooks") else { return Vec::new() };
    let markdown = files(&folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    markdown
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            (name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

struct Bare;

impl Looks for Bare {
    fn has_program(&self, _: &str) -> bool {
        false
    }
    fn has_file(&self, _: &str) -> bool {
        false
    }
}

#[test]
fn every_document_is_read_whole_and_most_have_steps() {
    let documents = documents();
    let (mut with_steps, mut commands, mut errors) = (0, 0, Vec::new());
    for (name, text) in &documents {
        let runbook = Runbook::read(Path::new(name).file_stem().unwrap().to_str().unwrap(), text);
        let mut at = runbook.head.end;
        for part in &runbook.parts {
            assert_eq!(part.range.start, at, "{name}");
            at = part.range.end;
        }
        assert!(at == text.len() || runbook.parts.is_empty(), "{name}: {at} of {}", text.len());
        with_steps += usize::from(runbook.steps().next().is_some());
        for step in runbook.steps() {
            assert!(!step.title.is_empty() || !step.commands.is_empty(), "{name}:{}: a step without a word", step.line);
            commands += step.commands.len();
        }
        errors.extend(runbook.has_errors().then_some(name));
        // Nothing there makes the linter fall over.
        lint(&runbook, text, &Bare);
    }
    if documents.is_empty() {
        return;
    }
    println!("{} documents, {with_steps} with steps, {commands} commands", documents.len());
    assert!(with_steps * 10 >= documents.len() * 9, "{with_steps} of {}", documents.len());
    assert!(commands > 900, "{commands}");
    assert!(errors.is_empty(), "{errors:?}");
}

/// Documents whose steps a person counted: the end of a path, how many steps, how many commands in them.
const COUNTED: &[(&str, usize, usize)] = &[
    ("openshift__runbooks/alerts/cluster-monitoring-operator/PrometheusTargetSyncFailure.md", 3, 1),
    ("runmedev__runme/project/testdata/dir-project/readme.md", 2, 2),
    ("alphagov__govuk-developer-docs/source/manual/amazonmq.html.md", 7, 3),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubePersistentVolumeFillingUp.md", 2, 4),
    ("alphagov__govuk-developer-docs/source/kubernetes/get-started/access-eks-cluster/index.html.md", 10, 8),
    ("runmedev__runme/pkg/agent/README.md", 4, 2),
    ("alphagov__govuk-developer-docs/source/kubernetes/creating-a-new-database/index.html.md", 3, 3),
    ("rust-lang__infra-team/service-catalog/dev-desktops/how-to-update-system.md", 6, 3),
    ("alphagov__govuk-developer-docs/source/kubernetes/cheatsheet.html.md", 6, 9),
    ("grafana__tempo/docs/sources/tempo/operations/manage-advanced-systems/multitenancy.md", 6, 1),
    ("616xold__howlhouse/docs/runbooks/backup_restore.md", 10, 4),
    ("alphagov__govuk-developer-docs/source/kubernetes/fix-app/index.html.md", 5, 3),
    ("0motionguy__starscreener/docs/protocols/portal.md", 8, 2),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubeProxyDown.md", 2, 4),
    ("alphagov__govuk-developer-docs/source/kubernetes/get-started/set-up-tools/index.html.md", 4, 10),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/gatherLogs.md", 1, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/determineFailedOcsNode.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/connectedClient.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/verifyEndpoint.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/podDebug.md", 5, 5),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/cephCLI.md", 3, 3),
    ("runmedev__runme/internal/renderer/testdata/singleblock.md", 1, 1),
    ("runmedev__runme/internal/renderer/testdata/singlebslash.md", 1, 1),
    ("runmedev__runme/internal/renderer/testdata/linesless.md", 1, 1),
    ("runmedev__runme/internal/renderer/testdata/symbols.md", 2, 1),
    ("runmedev__runme/examples/frontmatter/shells/KSH.md", 1, 1),
    ("runmedev__runme/examples/frontmatter/shells/ZSH.md", 1, 1),
    ("runmedev__runme/examples/frontmatter/skipPrompts/NONE.md", 1, 1),
    ("runmedev__runme/examples/frontmatter/skipPrompts/ENABLED.md", 1, 1),
    ("runmedev__runme/examples/frontmatter/skipPrompts/README.md", 1, 1),
    ("runmedev__runme/project/testdata/direnv-project/direnv.md", 1, 1),
    ("runmedev__runme/project/testdata/git-project/readme.md", 2, 2),
    ("runmedev__runme/examples/frontmatter/cwd/NONE.md", 3, 3),
    ("runmedev__runme/examples/frontmatter/cwd/ABSOLUTE.md", 3, 3),
    ("runmedev__runme/examples/grpc-client/hello.md", 2, 2),
    ("runmedev__runme/examples/envs/README.md", 2, 2),
    ("runmedev__runme/examples/grpc-samples/setup.md", 2, 3),
    ("rust-lang__infra-team/service-catalog/crater/how-to-test-crater.md", 3, 1),
    ("rust-lang__simpleinfra/terraform/shared/modules/assets-backup/README.md", 7, 1),
    ("rust-lang__simpleinfra/terraform/rds-databases/README.md", 2, 2),
    ("rust-lang__simpleinfra/terraform/google-workspace/README.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/OdfPoolMirroringImageHealth.md", 2, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephPoolQuotaBytesNearExhaustion.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/ODFDiskUtilizationHigh.md", 5, 3),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/ODFNodeMTULessThan9000.md", 6, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephOSDVersionMismatch.md", 2, 3),
    ("alphagov__govuk-developer-docs/source/manual/running-rake-tasks.html.md", 2, 3),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubeletTooManyPods.md", 2, 1),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubeNodeUnreachable.md", 2, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephFSStaleSubvolume.md", 2, 3),
    (
        "openshift__runbooks/alerts/openshift-container-storage-operator/CephMdsCPUUsageHighNeedsVerticalScaling.md",
        2,
        1,
    ),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephMonVersionMismatch.md", 2, 3),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephOSDNearFull.md", 6, 5),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephOSDSlowOps.md", 4, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/CephPoolQuotaBytesCriticallyExhausted.md", 2, 2),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/ODFNodeLatencyHighOnNonOSDNodes.md", 9, 3),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/ODFNodeNICBandwidthSaturation.md", 8, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/ODFPersistentVolumeMirrorStatus.md", 2, 1),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/StorageAutoScalingCapacityReached.md", 2, 3),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubeNodeNotReady.md", 2, 1),
    ("prometheus-operator__runbooks/content/runbooks/kubernetes/KubeAPIDown.md", 2, 2),
    ("rust-lang__simpleinfra/terraform/team-members-datadog/README.md", 4, 1),
    ("openshift__runbooks/alerts/cluster-monitoring-operator/AlertmanagerFailedReload.md", 3, 1),
    ("DuqueOM__ML-MLOps-Production-Template/docs/runbooks/day-2-operations.md", 4, 1),
    ("DuqueOM__ML-MLOps-Production-Template/docs/runbooks/deploy-aws.md", 6, 2),
    ("DuqueOM__ML-MLOps-Production-Template/docs/runbooks/digest-pin-init-image.md", 7, 5),
    ("runmedev__runme/examples/README.md", 6, 11),
    ("counteractive__incident-response-plan-template/after.md", 7, 0),
    ("python__psf-salt/docs/guides/migration-recipe.md", 42, 38),
    ("616xold__howlhouse/docs/runbooks/rollback.md", 6, 3),
    ("rust-lang__simpleinfra/ansible/README.md", 3, 1),
    ("grafana__tempo/docs/sources/tempo/operations/manage-advanced-systems/cross_tenant_query.md", 4, 1),
    ("alphagov__govuk-developer-docs/source/manual/create-bastion-pod.html.md", 8, 3),
    ("openshift__runbooks/alerts/openshift-container-storage-operator/helpers/networkConnectivity.md", 3, 13),
    ("2nth-ai__bi-stack/docs/runbook.md", 7, 7),
    ("0motionguy__starscreener/starscreener-fix/ROLLBACK.md", 8, 5),
    ("rust-lang__infra-team/service-catalog/crater/README.md", 3, 1),
];

#[test]
fn the_steps_are_those_that_a_person_counts() {
    let documents = documents();
    let mut wrong = Vec::new();
    for (end, steps, commands) in COUNTED {
        let Some((_, text)) = documents.iter().find(|(name, _)| name.ends_with(end)) else { continue };
        let runbook = Runbook::read("x", text);
        let titles: Vec<&str> = runbook.steps().map(|step| step.title.as_str()).collect();
        let found: usize = runbook.steps().map(|step| step.commands.len()).sum();
        if (titles.len(), found) != (*steps, *commands) {
            let read = titles.len();
            wrong.push(format!("{end}: {steps} and {commands} were counted, {read} and {found} read: {titles:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
