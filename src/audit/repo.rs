//! What a repository's files say together: what is built, run, deployed and watched. Rules read this, not the files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::live::Live;
use super::read::dockerfile::{self, Dockerfile};
use super::read::engine;
pub use super::read::engine::Engine;
use super::read::migration::{self, Migration};
use super::read::pipeline::{self, Pipeline};
use super::read::yaml::{self, Document, entries, items, scalar};
use super::read::{Pattern, variables};
use super::tree::{File, Tree, folder, is_aside, name};

/// What somebody can choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many of the newest migrations of each folder may still have to run somewhere.
    pub migrations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { migrations: 5 }
    }
}

/// A container that compose or CI starts.
#[derive(Clone, Debug)]
pub struct Container {
    pub path: String,
    pub name: String,
    pub image: String,
    pub line: usize,
    pub value: Value,
    /// Whether the file is the one for production, by its name or because there is no other.
    pub production: bool,
    pub ci: bool,
}

/// A manifest of packages, or another file of JSON.
#[derive(Clone, Debug)]
pub struct Json {
    pub path: String,
    pub value: Value,
}

/// A file of TOML.
#[derive(Clone, Debug)]
pub struct Toml {
    pub path: String,
    pub value: Value,
}

/// A repository, read.
#[derive(Debug)]
pub struct Repo<'t> {
    pub tree: &'t Tree,
    /// What the platforms say.
    pub live: &'t Live,
    pub dockerfiles: Vec<Dockerfile>,
    pub composes: Vec<Document>,
    pub pipelines: Vec<Pipeline>,
    /// Objects of Kubernetes.
    pub manifests: Vec<Document>,
    pub packages: Vec<Json>,
    pub fly: Vec<Toml>,
    /// Our own configuration.
    pub crashcart: Option<Toml>,
    pub render: Vec<Document>,
    /// Kamal's deployments.
    pub kamal: Vec<Document>,
    pub migrations: Vec<Migration>,
    pub used: BTreeMap<String, (String, usize)>,
    pub engine: Option<Engine>,
    containers: Vec<Container>,
    /// All names of dependencies, as text to search in.
    dependencies: String,
}

static WORKER_DEPENDENCY: Pattern = Pattern::new(
    r#"(?m)["' ^](express|fastify|koa|hono|@nestjs/core|next|nuxt|@remix-run/(node|express|serve)|react-router-serve|django|flask|fastapi|rails|sinatra|puma|gunicorn|uvicorn|axum|actix-web|phoenix|gin-gonic/gin|labstack/echo|laravel/framework|spring-boot)\b"#,
);

/// What says that production is not compose.
const PLATFORMS: &[&str] =
    &["fly.toml", "kamal.yml", "render.yaml", "railway.toml", "railway.json", "Procfile", "vercel.json"];

impl<'t> Repo<'t> {
    /// Reads what a tree holds.
    pub fn read(tree: &'t Tree, live: &'t Live, options: &Options) -> Self {
        let files = || tree.files().filter(|file| !is_aside(file.path));
        let is_yaml = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
        let dockerfiles = files()
            .filter(|file| is_dockerfile(file.name()))
            .map(|file| dockerfile::read(file.path, file.text))
            .collect();
        let documents = |wanted: &dyn Fn(&str) -> bool| -> Vec<Document> {
            files()
                .filter(|file| is_yaml(file.path) && wanted(file.path))
                .flat_map(|file| yaml::documents(file.path, file.text))
                .collect()
        };
        let composes: Vec<Document> = documents(&|path| is_compose(name(path)));
        let workflow = |path: &str| {
            let place = folder(path);
            place == ".github/workflows" || place == ".gitea/workflows" || place == ".forgejo/workflows"
        };
        let mut pipelines: Vec<Pipeline> = documents(&workflow).iter().filter_map(pipeline::github).collect();
        pipelines.extend(documents(&|path| path == ".gitlab-ci.yml").iter().map(pipeline::gitlab));
        let manifests: Vec<Document> = documents(&|path| !workflow(path) && !is_compose(name(path)))
            .into_iter()
            .filter(|document| document.value["apiVersion"].is_string() && document.value["kind"].is_string())
            .collect();
        let packages = files()
            .filter(|file| file.name() == "package.json")
            .filter_map(|file| Some(Json { path: file.path.to_owned(), value: serde_json::from_str(file.text).ok()? }));
        let packages: Vec<Json> = packages.collect();
        let fly = files()
            .filter(|file| file.name().starts_with("fly.") && file.name().ends_with(".toml"))
            .filter_map(|file| Some(Toml { path: file.path.to_owned(), value: toml::from_str(file.text).ok()? }))
            .collect();
        let crashcart = tree
            .text("crashcart.toml")
            .and_then(|text| Some(Toml { path: "crashcart.toml".to_owned(), value: toml::from_str(text).ok()? }));
        let render = documents(&|path| name(path) == "render.yaml");
        let kamal: Vec<Document> =
            documents(&|path| path.starts_with("config/deploy") || path.ends_with("/config/deploy.yml"))
                .into_iter()
                .filter(|one| one.value["service"].is_string() && one.value.get("image").is_some())
                .collect();
        let deploys_elsewhere = |pipeline: &Pipeline| {
            pipeline.deploys().any(|(_, step)| step.uses.is_none() && !step.run.contains("compose"))
        };
        let platform = tree.paths().any(|path| !is_aside(path) && PLATFORMS.contains(&name(path)))
            || manifests.iter().any(|one: &Document| one.value["kind"] == "Deployment")
            || pipelines.iter().any(deploys_elsewhere);
        let platform = platform || !kamal.is_empty();
        let mut containers = containers(&composes, &pipelines, platform);
        containers.extend(kamal.iter().flat_map(accessories));
        let dependencies = dependencies(tree, &packages);
        let engine = engine::of(tree, &containers, &dependencies);
        let migrations = migration::newest(tree, options.migrations);
        let used = variables::used(tree);
        Self {
            tree,
            live,
            dockerfiles,
            composes,
            pipelines,
            manifests,
            packages,
            fly,
            crashcart,
            render,
            kamal,
            migrations,
            used,
            engine,
            containers,
            dependencies,
        }
    }

    /// Returns what compose and CI start from images.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter()
    }

    /// Returns those that compose runs in production.
    pub fn production(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| container.production && !container.ci)
    }

    /// Returns the first of some words among the dependencies.
    pub fn depends_on(&self, pattern: &Pattern) -> bool {
        pattern.is_match(&self.dependencies)
    }

    /// Returns the line of a file that holds a text, or 1.
    pub fn line_in(&self, path: &str, needle: &str) -> usize {
        self.tree.files().find(|file| file.path == path).map_or(1, |file| file.line_with(needle))
    }

    /// Returns the file that says that something here runs as a service: without one, a repository is a library or a site.
    pub fn service(&self) -> Option<String> {
        let named =
            |wanted: &str| self.tree.paths().find(|path| name(path) == wanted && !is_aside(path)).map(str::to_owned);
        let fly = self.fly.iter().find(|fly| fly.value["app"].is_string() || fly.value["http_service"].is_object());
        let render = self.render.iter().find(|render| {
            items(&render.value["services"]).any(|one| {
                let word = |key: &str| scalar(&one[key]).unwrap_or_default();
                matches!(word("type").as_str(), "web" | "pserv" | "worker")
                    && word("env") != "static"
                    && word("runtime") != "static"
            })
        });
        let kube = self.manifests.iter().find(|one| {
            scalar(&one.value["kind"])
                .is_some_and(|kind| matches!(kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet"))
        });
        fly.map(|fly| fly.path.clone())
            .or_else(|| render.map(|render| render.path.clone()))
            .or_else(|| kube.map(|kube| kube.path.clone()))
            .or_else(|| self.kamal.first().map(|kamal| kamal.path.clone()))
            .or_else(|| named("Procfile"))
            .or_else(|| ["railway.toml", "railway.json"].into_iter().find_map(named))
            .or_else(|| self.production().next().map(|one| one.path.clone()))
            .or_else(|| {
                let web = WORKER_DEPENDENCY.is_match(&self.dependencies);
                self.dockerfiles
                    .iter()
                    .find(|docker| web && docker.command().is_some())
                    .map(|docker| docker.path.clone())
            })
    }

    /// Returns the file that says that a program of this repository's own runs as a service, not only others' images.
    pub fn runs_own_program(&self) -> Option<String> {
        let own = !self.dockerfiles.is_empty()
            || !self.packages.is_empty()
            || self.tree.paths().any(|path| {
                matches!(
                    name(path),
                    "requirements.txt"
                        | "pyproject.toml"
                        | "Gemfile"
                        | "go.mod"
                        | "Cargo.toml"
                        | "mix.exs"
                        | "composer.json"
                        | "pom.xml"
                )
            });
        self.service().filter(|_| own)
    }

    /// Returns the file that puts a program of this repository's own somewhere: a platform's, or a pipeline that deploys.
    pub fn deployed(&self) -> Option<String> {
        let place = self.runs_own_program()?;
        let dockerfile = self.dockerfiles.iter().any(|docker| docker.path == place);
        let by_pipeline = self.deploys().next().map(|(pipeline, ..)| pipeline.path.clone());
        if dockerfile { by_pipeline } else { Some(place) }
    }

    /// Returns the deploys that CI does.
    pub fn deploys(&self) -> impl Iterator<Item = (&Pipeline, &pipeline::Job, &pipeline::Step)> {
        self.pipelines.iter().flat_map(|one| one.deploys().map(move |(job, step)| (one, job, step)))
    }

    /// Returns the pod of a manifest that runs some, and the keys to it.
    pub fn pods(&self) -> impl Iterator<Item = (&Document, &Value)> {
        self.manifests.iter().filter_map(|one| {
            let kind = one.value["kind"].as_str()?;
            let pod = match kind {
                "Deployment" | "StatefulSet" | "DaemonSet" => &one.value["spec"]["template"]["spec"],
                _ => return None,
            };
            Some((one, pod))
        })
    }

    /// Returns the files that name what the programs are made of.
    pub fn manifests_of_packages(&self) -> impl Iterator<Item = File<'t>> {
        self.tree.files().filter(is_manifest)
    }

    /// Returns whether any file says something, tests and examples aside.
    pub fn mentions(&self, pattern: &Pattern) -> bool {
        self.tree.paths().any(|path| !is_aside(path) && pattern.is_match(path))
            || self.tree.files().any(|file| !file.path.ends_with(".lock") && pattern.is_match(file.text))
    }

    /// Returns whether there is a path like this.
    pub fn has_path(&self, pattern: &Pattern) -> bool {
        self.tree.paths().any(|path| pattern.is_match(path))
    }
}

/// Returns whether a file's name is a Dockerfile's for production.
fn is_dockerfile(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    (small.starts_with("dockerfile") || small.ends_with(".dockerfile") || small == "containerfile")
        && !["dev", "test", "local", "ignore", "ci"].iter().any(|word| small.contains(word))
}

fn is_compose(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("docker-compose") || name.starts_with("compose.") || name.starts_with("compose-")
}

/// Returns whether a compose file's name says that it is for production.
pub fn is_production_name(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    ["prod", "deploy", "live"].iter().any(|word| name.contains(word))
}

/// Returns whether a file's name says that it is not for production.
pub fn is_development_name(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["dev", "test", "local", "ci.", "override", "e2e", "debug"].iter().any(|word| name(&path).contains(word))
}

/// With a file of a platform, compose is for a desk unless its name says otherwise.
fn containers(composes: &[Document], pipelines: &[Pipeline], platform: bool) -> Vec<Container> {
    let mut all = Vec::new();
    for compose in composes {
        // One file alone may be anybody's: it counts as production's when it restarts what it runs, as nobody does at a desk.
        let lasting = entries(&compose.value["services"])
            .any(|(_, one)| scalar(&one["restart"]).is_some_and(|word| word != "no") || one["deploy"].is_object());
        let production =
            is_production_name(&compose.path) || (!platform && !is_development_name(&compose.path) && lasting);
        for (name, value) in entries(&compose.value["services"]) {
            let image = scalar(&value["image"]).unwrap_or_default();
            let line = if image.is_empty() {
                compose.line(&["services", name])
            } else {
                compose.line(&["services", name, "image"])
            };
            all.push(Container {
                path: compose.path.clone(),
                name: name.to_owned(),
                image,
                line,
                value: value.clone(),
                production,
                ci: false,
            });
        }
    }
    for pipeline in pipelines {
        for job in &pipeline.jobs {
            for (name, value) in entries(&job.value["services"]) {
                let image = scalar(&value["image"]).or_else(|| scalar(value)).unwrap_or_default();
                let line = pipeline.document.line(&["jobs", &job.name, "services", name, "image"]);
                let (path, name) = (pipeline.path.clone(), name.to_owned());
                all.push(Container { path, name, image, line, value: value.clone(), production: false, ci: true });
            }
            for value in items(&job.value["services"]) {
                let image = scalar(value).or_else(|| scalar(&value["name"])).unwrap_or_default();
                let line = pipeline.document.line_with(&[&job.name], &image);
                let (path, name) = (pipeline.path.clone(), image.clone());
                all.push(Container { path, name, image, line, value: value.clone(), production: false, ci: true });
            }
        }
    }
    all
}

/// Returns whether a file names what a program is made of.
fn is_manifest(file: &File<'_>) -> bool {
    const MANIFESTS: &[&str] = &[
        "package.json",
        "pyproject.toml",
        "Pipfile",
        "Gemfile",
        "go.mod",
        "Cargo.toml",
        "mix.exs",
        "composer.json",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
    ];
    let requirements = file.name().starts_with("requirements") && file.path.ends_with(".txt");
    !is_aside(file.path) && (requirements || MANIFESTS.contains(&file.name()) || file.path.ends_with(".csproj"))
}

/// Returns what Kamal runs beside the program: it keeps each in the folders that are named, and starts it again.
fn accessories(kamal: &Document) -> Vec<Container> {
    let all = entries(&kamal.value["accessories"]).map(|(name, told)| {
        let mut value = told.clone();
        let mut kept: Vec<Value> = items(&told["directories"]).chain(items(&told["volumes"])).cloned().collect();
        kept.retain(Value::is_string);
        value["volumes"] = Value::Array(kept);
        value["restart"] = Value::String("unless-stopped".to_owned());
        Container {
            path: kamal.path.clone(),
            name: name.to_owned(),
            image: scalar(&told["image"]).unwrap_or_default(),
            line: kamal.line(&["accessories", name, "image"]),
            value,
            production: true,
            ci: false,
        }
    });
    all.collect()
}

/// Puts the names of all dependencies together, a line each; also modules' manifests as they are.
fn dependencies(tree: &Tree, packages: &[Json]) -> String {
    let mut text = String::from("\n");
    for package in packages {
        for key in ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] {
            for (name, _) in entries(&package.value[key]) {
                text.push_str(&format!("\"{name}\"\n"));
            }
        }
    }
    for file in tree.files().filter(is_manifest) {
        if file.name() != "package.json" {
            for line in file.text.lines().filter(|line| !line.trim_start().starts_with(['#', '/'])) {
                text.push_str(&format!(" {}\n", line.trim().to_ascii_lowercase()));
            }
        }
    }
    text
}
