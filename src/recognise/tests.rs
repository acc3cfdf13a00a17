use super::*;

/// Returns the keys of what is found in some files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| TreeFile { path: (*path).to_owned(), text: (*text).to_owned() });
    let tree = Tree { name: "shop".to_owned(), files: files.collect() };
    assert!(tree.files.iter().all(|file| wants(&file.path)), "each of these is read");
    recognise(&tree).iter().map(|found| found.what.key()).collect()
}

fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(found(&[(path, text)]), expected, "{path}");
}

#[test]
fn every_platform_is_known_by_its_own_file() {
    check("fly.toml", "app = 'a-b'\n[http_service]\n", &["platform:fly", "url:https://a-b.fly.dev"]);
    check("vercel.json", "{}", &["platform:vercel"]);
    check("netlify.toml", "", &["platform:netlify"]);
    check("render.yaml", "services:\n- {type: worker, name: mailer}\n", &["platform:render"]);
    check("railway.json", r#"{"deploy": {"healthcheckPath": "/up"}}"#, &["platform:railway", "health:/up"]);
    check("Procfile", "# one\nweb: puma", &["platform:heroku"]);
    check("app.json", r#"{"addons": ["heroku-postgresql"]}"#, &["platform:heroku", "database:postgres"]);
    check("wrangler.jsonc", "{\n// its name\n\"name\": \"w\",\n}", &["platform:cloudflare-workers"]);
    check("wrangler.toml", "name = 'p'\npages_build_output_dir = 'dist'", &["platform:cloudflare-pages"]);
    check("app.yaml", "runtime: nodejs20", &["platform:app-engine", "vendor:google-cloud"]);
    check("serverless.yml", "service: s\nprovider: {name: aws}", &["platform:aws-lambda"]);
    check("template.yaml", "Transform: AWS::Serverless-2016-10-31", &["platform:aws-lambda"]);
    check("api.nomad", "job \"api\" {\n}", &["platform:nomad"]);
    check(
        "config/deploy.yml",
        "service: shop\nimage: x/shop\nproxy:\n  host: shop.acme.dev\n",
        &["platform:kamal", "url:https://shop.acme.dev", "health:/up"],
    );
    check("Capfile", "require 'capistrano/setup'", &["platform:releases-over-ssh"]);
    check("chart/Chart.yaml", "name: shop", &["platform:kubernetes"]);
    check("k8s/kustomization.yaml", "resources: []", &["platform:kubernetes"]);
    check("compose.yaml", "services: {web: {build: .}}", &["platform:docker"]);
    check(".gitlab-ci.yml", "test: {}", &["ci:gitlab"]);
}

#[test]
fn what_only_looks_like_a_platform_is_none() {
    check("app.json", r#"{"expo": {"name": "x"}, "stack": 1}"#, &[]);
    check("docker-compose.yml", "services: {db: {image: 'postgres:16'}}", &["database:postgres", "store:db"]);
    check("template.yaml", "kind: Template", &[]);
    check("app.yaml", "name: shop", &[]);
    check("values.yaml", "kind: Deployment", &[]);
}

#[test]
fn a_template_and_its_placeholders_are_not_taken_for_names() {
    let fly = "app = \"{APP_NAME}\"\n[http_service]\n";
    check("fly.toml", fly, &["platform:fly"]);
    check("fly.toml", "app = \n[[[", &["platform:fly"]);
}

#[test]
fn evidence_has_its_line() {
    let text = "app = 'shop'\n\n[http_service]\n[[http_service.checks]]\npath = \"/health\"\n";
    let tree =
        Tree { name: "x".to_owned(), files: vec![TreeFile { path: "fly.toml".to_owned(), text: text.to_owned() }] };
    let health = recognise(&tree).into_iter().find(|found| found.what.key() == "health:/health").unwrap();
    assert_eq!((health.path.as_str(), health.line), ("fly.toml", 5));
}

#[test]
fn packages_and_variables_name_databases_and_vendors_and_neighbours_do_not() {
    let package = |name: &str| format!("{{\"dependencies\": {{\"{name}\": \"1\"}}}}");
    for (name, expected) in [
        ("stripe", vec!["vendor:stripe"]),
        ("@supabase/ssr", vec!["vendor:supabase"]),
        ("@sentry/nextjs", vec!["monitoring:sentry"]),
        ("pg", vec!["database:postgres"]),
        ("mysql-bricks", vec![]),
        ("firebase-php-jwt", vec![]),
    ] {
        assert_eq!(found(&[("package.json", &package(name))]), expected, "{name}");
    }
    check("composer.json", r#"{"require": {"firebase/php-jwt": "1"}}"#, &[]);
    check(
        "go.mod",
        "require (\n\tgithub.com/jackc/pgx/v5 v5.0.0\n\tgithub.com/go-sql-driver/mysql v1 // indirect\n)",
        &["database:postgres"],
    );
    check(
        "requirements.txt",
        "psycopg[binary]>=3\ndb-to-sqlite==1\nsentry-sdk==2",
        &["database:postgres", "monitoring:sentry"],
    );
    check(
        ".env.example",
        "ACME_OPENAI_API_KEY=\nREDIS_URL=\nRENDER_URL=x\n#STRIPE_KEY=\nsquare_id=1",
        &["database:redis", "vendor:openai"],
    );
    assert!(!wants(".env") && !wants("x/.env.production"), "real environment files are not read");
}

#[test]
fn health_is_read_from_a_containers_own_check() {
    check(
        "Dockerfile",
        "HEALTHCHECK --interval=5s \\\n  CMD curl -f http://localhost:8080/up || exit 1",
        &["health:/up"],
    );
    check("Dockerfile", "# HEALTHCHECK CMD curl http://localhost/up", &[]);
    let compose = "services:\n  web:\n    build: .\n    healthcheck: {test: 'curl http://127.0.0.1:3000/ok'}\n";
    check("compose.yml", compose, &["platform:docker", "health:/ok"]);
    let ports =
        "services:\n  web:\n    build: .\n    ports: ['3000:80']\n  db: {build: db, ports: ['10.0.0.1:1:1', '5']}\n";
    check("compose.yml", ports, &["platform:docker", "platform:docker", "url:http://localhost:3000"]);
    let minio =
        "services:\n  s3: {image: minio/minio, healthcheck: {test: 'curl http://127.0.0.1:9000/minio/health'}}\n";
    check("compose.yml", minio, &["database:minio", "store:s3"]);
}

#[test]
fn apps_of_platforms_without_a_provider_are_said_to_be_so() {
    check("app.yaml", "runtime: nodejs20", &["platform:app-engine", "vendor:google-cloud"]);
    let app = ".do/app.yaml";
    let text = "name: shop\nservices:\n- {name: web, health_check: {http_path: /up}}\ndatabases:\n- {engine: PG}\n";
    check(app, text, &["platform:digitalocean", "health:/up", "database:postgres"]);
    check("heroku.yml", "# build:\n#   docker: {}\n", &[]);
    check("heroku.yml", "build: {docker: {web: Dockerfile}}\n", &["platform:heroku"]);
    check("captain-definition", "{}", &["platform:caprover"]);
    check("firebase.json", r#"{"firestore": {}}"#, &[]);
}

#[test]
fn what_stands_beside_an_app_in_its_compose_project_is_seen_and_what_is_for_the_desk_is_not() {
    let text = "name: Acme\nservices:\n  web: {build: ., depends_on: {db: {condition: service_healthy}}}\n  \
                db: {image: 'postgres:16'}\n  tools: {build: ., profiles: [tools]}\n";
    check("compose.yml", text, &["platform:docker", "database:postgres", "store:db", "needs:web:db"]);
    check(
        "compose.override.yaml",
        "services: {web: {image: !reset null, build: .}, db: {image: 'mysql:8'}}",
        &["database:mysql"],
    );
    let full = "services: {api: {build: api, profiles: [full]}, db: {image: 'postgres:16'}}";
    check("compose.yml", full, &["platform:docker", "database:postgres", "store:db"]);
    let port = "services:\n  web:\n    build: .\n    ports: ['127.0.0.1:${PORT:-3000}:80']\n";
    check("api/compose.yml", port, &["platform:docker", "url:http://localhost:3000"]);
}

#[test]
fn an_overlay_says_where_the_workloads_of_its_base_run() {
    let api = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {template: {spec: {containers: [{image: acme/api}]}}}\n";
    let files = [
        ("k8s/base/api.yaml", api),
        ("k8s/base/kustomization.yaml", "resources: [api.yaml]\n"),
        ("k8s/overlays/staging/kustomization.yaml", "namespace: stg\nresources: [../../base]\n"),
        ("k8s/overlays/production/kustomization.yaml", "namespace: shop\nresources: [../../base]\n"),
    ];
    let files = files.map(|(path, text)| TreeFile { path: path.to_owned(), text: text.to_owned() });
    let found = recognise(&Tree { name: "shop".to_owned(), files: files.to_vec() });
    let places: Vec<(&str, Option<&String>)> = found
        .iter()
        .filter_map(|it| match &it.what {
            What::Platform { params, .. } => Some((it.path.as_str(), params.get("namespace"))),
            _ => None,
        })
        .collect();
    assert_eq!(places.len(), 2, "the base is not deployed by itself: {places:?}");
    let drafted = draft::draft("shop", &found, &["kubernetes"], |_| None);
    let services: Vec<(&str, &str)> =
        drafted.services.iter().map(|service| (service.name.as_str(), service.environment.as_str())).collect();
    assert_eq!(services, [("api", "production"), ("api-staging", "staging")]);
}

#[test]
fn destinations_of_kamal_and_files_of_fly_are_environments_of_one_service() {
    let files = [
        ("config/deploy.yml", "service: shop\nimage: acme/shop\n"),
        ("config/deploy.production.yml", "proxy: {host: shop.acme.dev}\n"),
        ("config/deploy.staging.yml", "proxy: {ssl: false, host: 138.197.90.4}\n"),
        ("fly.toml", "app = 'edge'\n"),
        ("fly.staging.toml", "app = 'edge-staging'\n"),
    ];
    let files = files.map(|(path, text)| TreeFile { path: path.to_owned(), text: text.to_owned() });
    let found = recognise(&Tree { name: "shop".to_owned(), files: files.to_vec() });
    let drafted = draft::draft("shop", &found, &["kamal", "fly"], |_| None);
    let told: Vec<String> = drafted
        .services
        .iter()
        .map(|it| {
            format!("{} {} {:?}", it.name, it.environment, it.address.as_ref().map(|address| address.url.as_str()))
        })
        .collect();
    assert_eq!(
        told,
        [
            "shop production Some(\"https://shop.acme.dev\")",
            "shop-staging staging Some(\"http://138.197.90.4\")",
            "edge production None",
            "edge-staging staging None",
        ]
    );
}

#[test]
fn a_file_at_the_top_that_is_about_a_folder_leaves_it_to_that_one() {
    let top = r#"{"deploy": {"startCommand": "cd apps/api && npm start"}}"#;
    let files = [("railway.json", top), ("apps/api/railway.json", "{}")];
    assert_eq!(found(&files), ["platform:railway"]);
    assert_eq!(found(&[("railway.json", "{}"), ("apps/api/railway.json", "{}")]).len(), 2);
}
